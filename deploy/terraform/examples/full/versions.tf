terraform {
  required_version = ">= 1.11, < 2"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = var.name }
  }

  # What ecs-deploy notes on the revisions that it makes.
  ignore_tags {
    key_prefixes = ["ecs-deploy:"]
  }
}
