mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name        = "q2ab-jobs"
  description = "Jobs."
  image       = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/q2ab:v1"
  vpc_id      = "vpc-00000000000000001"
  subnet_ids  = ["subnet-1", "subnet-2"]
  settings    = { TIME_ZONE = "Asia/Tokyo" }
  secrets     = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf" }
  provisioned = 1
  schedules   = { outbox = { expression = "rate(1 minute)", input = "{}" } }
  uploads     = { bucket_id = "q2ab-media", bucket_arn = "arn:aws:s3:::q2ab-media", prefix = "incoming/" }
}

run "function" {
  module {
    source = "./modules/lambda"
  }

  assert {
    condition     = aws_lambda_function.this.package_type == "Image" && aws_lambda_function.this.image_config[0].entry_point == tolist(["/lambda"]) && aws_lambda_function.this.publish
    error_message = "The image has to be started as /lambda, in versions."
  }

  assert {
    condition     = length(setintersection(keys(aws_lambda_function.this.environment[0].variables), ["DATABASE_URL", "REDIS_URL", "AUTH_KEY_SECRET", "MAIL_URL", "CAPTCHA_SECRET"])) == 0 && startswith(aws_lambda_function.this.environment[0].variables.SECRET_ARNS, "DATABASE_URL=arn:")
    error_message = "Secrets have to be passed as ARNs."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : alltrue([for a in s.Action : !strcontains(a, "*")])])
    error_message = "A policy allows all actions of a service."
  }

  assert {
    condition     = aws_lambda_provisioned_concurrency_config.live[0].qualifier == "live" && aws_lambda_provisioned_concurrency_config.live[0].provisioned_concurrent_executions == 1
    error_message = "An environment was to be kept started."
  }

  assert {
    condition     = aws_scheduler_schedule.this["outbox"].target[0].arn == aws_lambda_alias.live.arn && jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement[0].Resource == [aws_lambda_alias.live.arn]
    error_message = "The schedule has to call the alias, and may call nothing else."
  }

  assert {
    condition     = one(aws_s3_bucket_notification.uploads[0].lambda_function).filter_prefix == "incoming/" && aws_lambda_permission.uploads[0].source_account == "123456789012"
    error_message = "Only uploads of this account's bucket may call the function."
  }
}

run "only_called_by_name" {
  module {
    source = "./modules/lambda"
  }

  variables {
    provisioned = 0
    schedules   = {}
    uploads     = null
  }

  assert {
    condition     = length(aws_sqs_queue.failed) == 0 && length(aws_iam_role.scheduler) == 0 && length(aws_lambda_provisioned_concurrency_config.live) == 0 && output.failed_queue_url == null
    error_message = "What calls the function by itself was not asked for."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    name                   = "Q2AB"
    description            = ""
    image                  = "docker.io/q2ab:v1"
    architecture           = "riscv"
    memory                 = 128
    timeout                = 901
    concurrency            = 0
    provisioned            = 0
    log_days               = 31
    vpc_id                 = "default"
    subnet_ids             = []
    egress_ports           = [0]
    egress_security_groups = { database = { security_group_id = "sg-00000000000000002", port = 0 } }
    settings               = { TIMEZONE = "Asia/Tokyo" }
    secrets                = { DATABASE_URL = "mysql://u:p@h/d" }
    schedules              = { outbox = { expression = "every minute", input = "{}" } }
    uploads                = { bucket_id = "b", bucket_arn = "arn:aws:s3:::b", prefix = "" }
  }

  expect_failures = [
    var.name,
    var.description,
    var.image,
    var.architecture,
    var.memory,
    var.timeout,
    var.concurrency,
    var.log_days,
    var.vpc_id,
    var.subnet_ids,
    var.egress_ports,
    var.egress_security_groups,
    var.settings,
    var.secrets,
    var.schedules,
    var.uploads,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    concurrency = 1
    provisioned = 2
    settings    = { DATABASE_URL = "mysql://u:p@h/d" }
    secrets     = { DB_PASSWORD = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf" }
    schedules   = { outbox = { expression = "rate(1 minute)", input = "{" } }
  }

  expect_failures = [
    var.provisioned,
    var.settings,
    var.secrets,
    var.schedules,
  ]
}
