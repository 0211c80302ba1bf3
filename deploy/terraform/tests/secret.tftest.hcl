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
  name        = "q2ab/auth-key"
  description = "AUTH_KEY_SECRET of the server."
}

run "in_no_state" {
  command = plan

  module {
    source = "./modules/secret"
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string == null && aws_secretsmanager_secret_version.this.secret_string_wo_version == 1
    error_message = "The secret would be in the state."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/secret"
  }

  variables {
    name          = "q2ab/auth-AbCdEf"
    description   = " "
    generation    = 0
    recovery_days = 3
  }

  expect_failures = [
    var.name,
    var.description,
    var.generation,
    var.recovery_days,
  ]
}
