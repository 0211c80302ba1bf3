# Mocked providers have no ephemeral resources, which secrets come from, so these tests are planned on moto:
# AWS_ENDPOINT_URL has to lead there, as in .ci/terraform.
provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

variables {
  domain                  = "api.example.com"
  zone_id                 = "Z0123456789ABC"
  image_tag               = "v1"
  database_url_secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf"
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./examples/small"
  }

  variables {
    name                            = "Q2AB"
    region                          = "Tokyo"
    domain                          = "https://api.example.com"
    zone_id                         = "example.com"
    image_tag                       = "latest"
    architecture                    = "riscv"
    secrets                         = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf" }
    cors_origins                    = ["*"]
    mail_from                       = "example.com"
    mail_url_secret_arn             = "smtp://u:p@h"
    mail_port                       = 80
    alarm_emails                    = ["example.com"]
    database_url_secret_arn         = "mysql://u:p@h/d"
    migrate_database_url_secret_arn = "mysql://u:p@h/d"
    database_port                   = 0
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
    var.database_url_secret_arn,
    var.migrate_database_url_secret_arn,
    var.database_port,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./examples/small"
  }

  variables {
    certificate_arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }

  expect_failures = [
    var.certificate_arn,
  ]
}

run "refuses_3" {
  command = plan

  module {
    source = "./examples/small"
  }

  variables {
    zone_id         = null
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  }

  expect_failures = [
    var.certificate_arn,
  ]
}
