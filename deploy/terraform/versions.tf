# This folder is a root module only for its tests (tests/*.tftest.hcl); what is applied is in examples/.
terraform {
  required_version = ">= 1.11, < 2"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
