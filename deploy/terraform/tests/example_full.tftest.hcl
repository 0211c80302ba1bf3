# Mocked providers have no ephemeral resources, which secrets come from, so these tests are planned on moto:
# AWS_ENDPOINT_URL has to lead there, as in .ci/terraform.
provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

# The network that some runs give does not exist at moto.
override_data {
  target = module.network.data.aws_vpc.given
  values = { id = "vpc-00000000000000001" }
}

override_data {
  target = module.network.data.aws_subnet.given
  values = { vpc_id = "vpc-00000000000000001", cidr_block = "10.0.1.0/24" }
}

variables {
  domain    = "api.example.com"
  zone_id   = "Z0123456789ABC"
  image_tag = "v1"
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./examples/full"
  }

  variables {
    name                 = "Q2AB"
    region               = "Tokyo"
    domain               = "https://api.example.com"
    zone_id              = "example.com"
    image_tag            = "latest"
    architecture         = "riscv"
    secrets              = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf" }
    cors_origins         = ["*"]
    mail_from            = "example.com"
    mail_url_secret_arn  = "smtp://u:p@h"
    mail_port            = 80
    alarm_emails         = ["example.com"]
    vpc                  = { vpc_id = "vpc-00000000000000001", public_subnet_ids = ["subnet-1", "subnet-2"], private_subnet_ids = [] }
    nat                  = "none"
    cache_nodes          = 9
    media_domain         = "media.example.com"
    cognito_group_levels = { staff = "editor" }
    trigger_environments = 1
    upload_events        = true
  }

  expect_failures = [
    var.name,
    var.region,
    var.domain,
    var.zone_id,
    var.image_tag,
    var.architecture,
    var.secrets,
    var.cors_origins,
    var.mail_from,
    var.mail_url_secret_arn,
    var.mail_port,
    var.alarm_emails,
    var.vpc,
    var.nat,
    var.cache_nodes,
    var.media_certificate_arn,
    var.cognito_group_levels,
    var.trigger_environments,
    var.upload_events,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./examples/full"
  }

  variables {
    certificate_arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
    given_database  = { url_secret_arn = "mysql://u:p@h/d", security_group_id = "sg-00000000000000003" }
    vpc             = { vpc_id = "vpc-00000000000000001", public_subnet_ids = ["subnet-1", "subnet-2"], private_subnet_ids = ["subnet-3", "subnet-4"] }
  }

  expect_failures = [
    var.certificate_arn,
    var.given_database,
  ]
}

run "refuses_3" {
  command = plan

  module {
    source = "./examples/full"
  }

  variables {
    zone_id         = null
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    given_database  = { url_secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf", security_group_id = "sg-00000000000000003" }
  }

  expect_failures = [
    var.certificate_arn,
    var.given_database,
  ]
}
