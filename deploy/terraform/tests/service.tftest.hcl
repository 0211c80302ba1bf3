mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                       = "q2ab"
  image                      = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/q2ab:v1"
  repository_arn             = "arn:aws:ecr:ap-northeast-1:123456789012:repository/q2ab"
  vpc_id                     = "vpc-00000000000000001"
  subnet_ids                 = ["subnet-1", "subnet-2"]
  target_group_arn           = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/q2ab/0123456789abcdef"
  balancer_security_group_id = "sg-00000000000000002"
  balancer_cidrs             = ["10.38.0.0/20", "10.38.16.0/20"]
  balancer_arn_suffix        = "app/q2ab/0123456789abcdef"
  target_group_arn_suffix    = "targetgroup/q2ab/0123456789abcdef"
  rollback_alarms            = ["q2ab-errors", "q2ab-latency"]
  settings                   = { TIME_ZONE = "Asia/Tokyo" }
  wired_settings             = { PUBLIC_URL = "https://api.example.com" }
  secrets = {
    DATABASE_URL    = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf"
    AUTH_KEY_SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:key-AbCdEf"
  }
}

run "server" {
  module {
    source = "./modules/service"
  }

  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.server.container_definitions)) == 1 && jsondecode(aws_ecs_task_definition.server.container_definitions)[0].essential
    error_message = "Without Datadog one container was expected."
  }

  assert {
    condition     = alltrue([for c in concat(jsondecode(aws_ecs_task_definition.server.container_definitions), jsondecode(aws_ecs_task_definition.migrate.container_definitions)) : c.readonlyRootFilesystem && c.user == "65532:65532" && !c.privileged && c.linuxParameters.capabilities.drop == ["ALL"]])
    error_message = "What runs our image has to be unprivileged, with a read-only root file system."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.server.container_definitions)[0].mountPoints == [{ containerPath = "/data", readOnly = false, sourceVolume = "data" }]
    error_message = "The server needs /data to write to."
  }

  # drain ≤ deregistration ≤ stopTimeout
  assert {
    condition     = tonumber(trimsuffix(one([for e in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment : e.value if e.name == "DRAIN_DELAY"]), "s")) + tonumber(trimsuffix(one([for e in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment : e.value if e.name == "DRAIN_TIMEOUT"]), "s")) <= var.deregistration_delay && var.deregistration_delay <= jsondecode(aws_ecs_task_definition.server.container_definitions)[0].stopTimeout
    error_message = "A server would be killed, or cut off, while it drains."
  }

  # The names of secrets, whoever passes them in plain.
  assert {
    condition     = length(setintersection([for e in concat(jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment, jsondecode(aws_ecs_task_definition.migrate.container_definitions)[0].environment) : e.name], ["DATABASE_URL", "REDIS_URL", "AUTH_KEY_SECRET", "MAIL_URL", "CAPTCHA_SECRET", "DD_API_KEY"])) == 0
    error_message = "A secret is in the plain environment."
  }

  assert {
    condition     = toset([for s in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].secrets : s.name]) == toset(["DATABASE_URL", "AUTH_KEY_SECRET"])
    error_message = "The server's secrets are missing."
  }

  assert {
    condition     = contains([for e in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment : "${e.name}=${e.value}"], "TRUSTED_PROXIES=10.38.0.0/20,10.38.16.0/20") && contains([for e in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment : "${e.name}=${e.value}"], "MIGRATE_ON_START=false")
    error_message = "The server has to believe the balancer alone, and to leave the tables to the task migrate."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.migrate.container_definitions)[0].entryPoint == ["/admin"] && jsondecode(aws_ecs_task_definition.migrate.container_definitions)[0].command == ["migrate"]
    error_message = "The task migrate has to start the operators' tool."
  }
}

run "deployments" {
  module {
    source = "./modules/service"
  }

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "A deployment that does not become healthy has to be rolled back."
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].enable && aws_ecs_service.this.alarms[0].rollback && aws_ecs_service.this.alarms[0].alarm_names == toset(["q2ab-errors", "q2ab-latency"])
    error_message = "A deployment during which an alarm goes off has to be rolled back."
  }

  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200
    error_message = "New tasks have to be there before old ones go."
  }

  assert {
    condition     = toset(concat(aws_appautoscaling_policy.cpu[*].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type, aws_appautoscaling_policy.requests[*].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type)) == toset(["ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"])
    error_message = "The service has to grow with its processors' use and with its requests."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.balancer.referenced_security_group_id == "sg-00000000000000002" && aws_vpc_security_group_ingress_rule.balancer.cidr_ipv4 == null
    error_message = "Only the balancer may reach the tasks."
  }
}

run "roles" {
  module {
    source = "./modules/service"
  }

  variables {
    migrate_secrets = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:owner-AbCdEf" }
    task_policies   = { media = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  assert {
    condition     = alltrue([for s in flatten([for p in aws_iam_role_policy.pull : jsondecode(p.policy).Statement]) : !(contains(flatten([s.Resource]), "*") && anytrue([for a in flatten([s.Action]) : endswith(a, "*")]))])
    error_message = "A policy allows everything on everything."
  }

  assert {
    condition     = toset([for s in jsondecode(aws_iam_role_policy.pull["server"].policy).Statement : s.Action[0] if contains(s.Resource, "*")]) == toset(["ecr:GetAuthorizationToken"])
    error_message = "Only logging in to ECR knows no resources."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.pull["server"].policy, "owner-AbCdEf") && strcontains(aws_iam_role_policy.pull["migrate"].policy, "owner-AbCdEf")
    error_message = "The server may not read the secret of the tables' owner."
  }

  assert {
    condition     = keys(aws_iam_role_policy.task) == ["media"]
    error_message = "The program itself may do no more than the policies that it is handed."
  }
}

run "datadog" {
  module {
    source = "./modules/service"
  }

  variables {
    datadog = { api_key_secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:dd-AbCdEf" }
  }

  assert {
    condition     = { for c in jsondecode(aws_ecs_task_definition.server.container_definitions) : c.name => c.essential } == { agent = false, router = false, server = true }
    error_message = "The task has to go on without the agent and the router."
  }

  assert {
    condition     = alltrue([for c in jsondecode(aws_ecs_task_definition.server.container_definitions) : c.restartPolicy.enabled if !c.essential])
    error_message = "The agent and the router have to be started again when they end."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.server.container_definitions)[0].logConfiguration.logDriver == "awsfirelens" && [for s in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].logConfiguration.secretOptions : s.name] == ["apikey"] && [for s in jsondecode(aws_ecs_task_definition.server.container_definitions)[1].secrets : s.name] == ["DD_API_KEY"]
    error_message = "The key of Datadog has to come from the secret."
  }

  assert {
    condition     = contains([for e in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment : "${e.name}=${e.value}"], "DD_AGENT_HOST=127.0.0.1") && contains([for e in jsondecode(aws_ecs_task_definition.server.container_definitions)[0].environment : "${e.name}=${e.value}"], "DD_VERSION=v1")
    error_message = "The server has to send its traces to the agent beside it, with its version."
  }
}

run "one_task_does_not_scale" {
  module {
    source = "./modules/service"
  }

  variables {
    max_tasks = 1
  }

  assert {
    condition     = length(aws_appautoscaling_target.tasks) == 0
    error_message = "With as many tasks at most as at least there is nothing to scale."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    name                       = "Q2AB"
    image                      = "q2ab:latest"
    repository_arn             = "q2ab"
    architecture               = "riscv"
    cpu                        = 300
    memory                     = 1024
    min_tasks                  = 0
    cpu_target                 = 100
    requests_target            = 1
    log_days                   = 31
    drain_delay                = 0
    drain_timeout              = 1
    vpc_id                     = "default"
    subnet_ids                 = []
    target_group_arn           = "q2ab"
    balancer_security_group_id = "q2ab"
    balancer_cidrs             = ["0.0.0.0/0"]
    balancer_arn_suffix        = "q2ab"
    target_group_arn_suffix    = "q2ab"
    egress_ports               = [0]
    egress_security_groups     = { database = { security_group_id = "sg-00000000000000002", port = 0 } }
    wired_settings             = { MEDIA = "x" }
    secret_kms_key_arns        = ["alias/x"]
    rollback_alarms            = []
    datadog_agent_image        = "public.ecr.aws/datadog/agent:latest"
    log_router_image           = "public.ecr.aws/aws-observability/aws-for-fluent-bit"
  }

  expect_failures = [
    var.name,
    var.image,
    var.repository_arn,
    var.architecture,
    var.cpu,
    var.min_tasks,
    var.cpu_target,
    var.requests_target,
    var.log_days,
    var.drain_delay,
    var.drain_timeout,
    var.vpc_id,
    var.subnet_ids,
    var.target_group_arn,
    var.balancer_security_group_id,
    var.balancer_cidrs,
    var.balancer_arn_suffix,
    var.target_group_arn_suffix,
    var.egress_ports,
    var.egress_security_groups,
    var.wired_settings,
    var.secret_kms_key_arns,
    var.rollback_alarms,
    var.datadog_agent_image,
    var.log_router_image,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    memory         = 8192
    min_tasks      = 3
    max_tasks      = 2
    drain_timeout  = 21
    wired_settings = { REDIS_URL = "redis://cache" }
  }

  expect_failures = [
    var.memory,
    var.max_tasks,
    var.deregistration_delay,
    var.wired_settings,
  ]
}

run "refuses_3" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    stop_timeout = 29
    settings     = { TIMEZONE = "Asia/Tokyo" }
  }

  expect_failures = [
    var.stop_timeout,
    var.settings,
  ]
}

run "refuses_4" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    settings = { CAPTCHA_SECRET = "x" }
  }

  expect_failures = [
    var.settings,
  ]
}

run "refuses_5" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    settings = { DRAIN_DELAY = "1s" }
  }

  expect_failures = [
    var.settings,
  ]
}

run "refuses_6" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    settings = { PUBLIC_URL = "https://example.com" }
  }

  expect_failures = [
    var.settings,
  ]
}

run "refuses_7" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    secrets = { AUTH_KEY_SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:key-AbCdEf" }
  }

  expect_failures = [
    var.secrets,
  ]
}

run "refuses_8" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    secrets = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf", DB_PASSWORD = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf" }
  }

  expect_failures = [
    var.secrets,
  ]
}

run "refuses_9" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    secrets = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf", REDIS_URL = "redis://cache" }
  }

  expect_failures = [
    var.secrets,
  ]
}

run "refuses_10" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    secrets = { DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf", TIME_ZONE = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf" }
  }

  expect_failures = [
    var.secrets,
  ]
}

run "refuses_11" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    migrate_secrets = { REDIS_URL = "x" }
  }

  expect_failures = [
    var.migrate_secrets,
  ]
}

run "refuses_12" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    datadog = { api_key_secret_arn = "0123456789abcdef" }
  }

  expect_failures = [
    var.datadog,
  ]
}

run "refuses_13" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    datadog = { api_key_secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:dd-AbCdEf", site = "datadog.com" }
  }

  expect_failures = [
    var.datadog,
  ]
}

run "refuses_14" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    datadog = { api_key_secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:dd-AbCdEf", environment = "Production" }
  }

  expect_failures = [
    var.datadog,
  ]
}

run "refuses_15" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    datadog = { api_key_secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:dd-AbCdEf" }
    cpu     = 256
    memory  = 512
  }

  expect_failures = [
    var.datadog,
  ]
}
