# moto takes any credentials, and has buckets as folders of one host. AWS_ENDPOINT_URL leads there.
provider "aws" {
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}
