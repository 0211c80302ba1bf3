# The task definitions: of the server, and of the one-off task that makes or updates the backend's own tables.
# Run with another command it is the operators' tool for all else: ["doctor"], ["jobs", "run", "recount"].

data "aws_region" "here" {}

locals {
  port    = 8080
  datadog = var.datadog != null
  # With values to compute with where there is no Datadog.
  dd = var.datadog != null ? var.datadog : { api_key_secret_arn = "", site = "", environment = "" }
  # The image's tag, or its digest.
  version = element(split(":", var.image), length(split(":", var.image)) - 1)

  cloudwatch = {
    for part, group in aws_cloudwatch_log_group.this : part => {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = group.name
        "awslogs-region"        = data.aws_region.here.name
        "awslogs-stream-prefix" = part
        # Logs that cannot be sent are dropped: they must not make requests wait.
        "mode"            = "non-blocking"
        "max-buffer-size" = "4m"
      }
      secretOptions = tolist([])
    }
  }

  # Of one type with the other, so that either can be chosen.
  firelens = {
    logDriver = "awsfirelens"
    options = {
      Name                      = "datadog"
      Host                      = "http-intake.logs.${local.dd.site}"
      TLS                       = "on"
      compress                  = "gzip"
      provider                  = "ecs"
      dd_service                = var.name
      dd_source                 = "go"
      dd_tags                   = "env:${local.dd.environment},version:${local.version}"
      retry_limit               = "2"
      "log-driver-buffer-limit" = "4194304"
    }
    secretOptions = [{ name = "apikey", valueFrom = local.dd.api_key_secret_arn }]
  }

  # The same for whatever runs our image. The capabilities and the root file system are not needed; /data is
  # the only place that is written to. It is the task's own, and belongs to the image's user, as the image
  # declares a volume there.
  ours = {
    image                  = var.image
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    privileged             = false
    linuxParameters        = { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = false }
    mountPoints            = [{ sourceVolume = "data", containerPath = "/data", readOnly = false }]
    portMappings           = []
    volumesFrom            = []
    systemControls         = []
  }

  server = merge(local.ours, {
    name         = "server"
    portMappings = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment  = [for name, value in local.environment : { name = name, value = value }]
    secrets      = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    stopTimeout  = var.stop_timeout
    # Whether the process is up; the balancer asks whether it can serve.
    healthCheck = {
      command     = ["CMD", "/admin", "healthcheck"]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
    dependsOn        = local.datadog ? [{ containerName = "router", condition = "START" }] : []
    logConfiguration = local.datadog ? local.firelens : local.cloudwatch["server"]
  })

  # The task goes on without the following two, which are started again when they end. Datadog's and Amazon's
  # images write into their own root file systems, and run as the users that they choose.
  agent = {
    name          = "agent"
    image         = var.datadog_agent_image
    essential     = false
    restartPolicy = { enabled = true, restartAttemptPeriod = 60 }
    memory        = 256
    cpu           = 0
    environment = [for name, value in {
      ECS_FARGATE                    = "true"
      DD_SITE                        = local.dd.site
      DD_ENV                         = local.dd.environment
      DD_APM_ENABLED                 = "true"
      DD_LOGS_ENABLED                = "false" # the router sends them
      DD_DOGSTATSD_NON_LOCAL_TRAFFIC = "false"
    } : { name = name, value = value }]
    secrets = [{ name = "DD_API_KEY", valueFrom = local.dd.api_key_secret_arn }]
    healthCheck = {
      command     = ["CMD-SHELL", "agent health"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
    logConfiguration = try(local.cloudwatch["sidecars"], null)
    mountPoints      = []
    portMappings     = []
    volumesFrom      = []
    systemControls   = []
  }

  router = {
    name          = "router"
    image         = var.log_router_image
    essential     = false
    restartPolicy = { enabled = true, restartAttemptPeriod = 60 }
    memory        = 128
    cpu           = 0
    user          = "0"
    environment   = []
    firelensConfiguration = {
      type    = "fluentbit"
      options = { "enable-ecs-log-metadata" = "true", "config-file-type" = "file", "config-file-value" = "/fluent-bit/configs/parse-json.conf" }
    }
    logConfiguration = try(local.cloudwatch["sidecars"], null)
    mountPoints      = []
    portMappings     = []
    volumesFrom      = []
    systemControls   = []
  }

  # MIGRATE_ON_START is for servers.
  migrate = merge(local.ours, {
    name             = "migrate"
    entryPoint       = ["/admin"]
    command          = ["migrate"]
    environment      = [for name, value in local.environment : { name = name, value = value } if !startswith(name, "DD_")]
    secrets          = [for name, arn in merge(var.secrets, var.migrate_secrets) : { name = name, valueFrom = arn }]
    stopTimeout      = 120 # long work saves where it stands
    logConfiguration = local.cloudwatch["migrate"]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = setunion(["migrate"], local.datadog ? ["sidecars"] : ["server"])
  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_days
}

resource "aws_ecs_task_definition" "server" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.pull["server"].arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([for c in [local.server, local.agent, local.router] : c if c.essential || local.datadog])
  # Earlier revisions are what a deployment is rolled back to.
  skip_destroy = var.keep_revisions

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }

  volume {
    name = "data"
  }
}

resource "aws_ecs_task_definition" "migrate" {
  family                   = "${var.name}-migrate"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.pull["migrate"].arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([local.migrate])
  skip_destroy             = var.keep_revisions

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }

  volume {
    name = "data"
  }
}
