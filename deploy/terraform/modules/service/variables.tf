variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

# ---- The image.

variable "image" {
  description = "The image with its tag or digest, as in 123456789012.dkr.ecr.us-east-1.amazonaws.com/q2ab:2026-11-30."
  type        = string

  validation {
    condition     = can(regex("^[^:@ ]+(:[0-9]+/[^:@ ]+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image: an address with a tag or a digest, and not :latest, which can be another image tomorrow."
  }
}

variable "repository_arn" {
  description = "Repository of ECR that the image is in. null: a public registry."
  type        = string
  default     = null

  validation {
    condition     = var.repository_arn == null || can(regex("^arn:[a-z-]+:ecr:", var.repository_arn))
    error_message = "repository_arn: the ARN of a repository of ECR."
  }
}

variable "architecture" {
  description = "Processor of the tasks, which the image has to be built for: arm64, which is a fifth cheaper, or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: arm64 or x86_64."
  }
}

# ---- The tasks.

variable "cpu" {
  description = "CPU units of a task; 1024 are one processor."
  type        = number
  default     = 512

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "cpu: 256, 512, 1024, 2048 or 4096."
  }
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 1024

  validation {
    condition = contains(lookup({
      "256"  = [512, 1024, 2048], "512" = [for i in range(1, 5) : i * 1024], "1024" = [for i in range(2, 9) : i * 1024],
      "2048" = [for i in range(4, 17) : i * 1024], "4096" = [for i in range(8, 31) : i * 1024]
    }, tostring(var.cpu), []), var.memory)
    error_message = "memory: Fargate has no task with cpu ${var.cpu} and ${var.memory} MiB."
  }
}

variable "min_tasks" {
  description = "Tasks that run at least."
  type        = number
  default     = 1

  validation {
    condition     = var.min_tasks >= 1 && floor(var.min_tasks) == var.min_tasks
    error_message = "min_tasks: a whole number from 1."
  }
}

variable "max_tasks" {
  description = "Tasks that run at most. Equal to min_tasks: no scaling."
  type        = number
  default     = 2

  validation {
    condition     = var.max_tasks >= var.min_tasks && var.max_tasks <= 100
    error_message = "max_tasks: from min_tasks to 100."
  }
}

variable "cpu_target" {
  description = "Use of the processors, in percent, that scaling keeps to."
  type        = number
  default     = 60

  validation {
    condition     = var.cpu_target >= 20 && var.cpu_target <= 90
    error_message = "cpu_target: from 20 to 90."
  }
}

variable "requests_target" {
  description = "Requests of a task in a minute that scaling keeps to."
  type        = number
  default     = 6000

  validation {
    condition     = var.requests_target >= 60
    error_message = "requests_target: at least 60 in a minute."
  }
}

variable "log_days" {
  description = "For how many days logs are kept in CloudWatch."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_days)
    error_message = "log_days: a time that CloudWatch knows, such as 7, 14, 30, 60, 90 or 365."
  }
}

variable "container_insights" {
  description = "Container Insights of CloudWatch, for some dollars a month."
  type        = bool
  default     = false
}

variable "keep_revisions" {
  description = "Keep the task definitions that Terraform replaces, so that a deployment can be rolled back to them."
  type        = bool
  default     = true
}

# ---- Stopping a task: drain_delay + drain_timeout ≤ deregistration_delay ≤ stop_timeout.

variable "drain_delay" {
  description = "Seconds for which a server that is told to stop still accepts requests, while the balancer learns of it (DRAIN_DELAY)."
  type        = number
  default     = 10

  validation {
    condition     = var.drain_delay >= 5 && floor(var.drain_delay) == var.drain_delay
    error_message = "drain_delay: whole seconds, and at least 5: the balancer's nodes learn of it one after the other."
  }
}

variable "drain_timeout" {
  description = "Seconds for which requests under way may then still take (DRAIN_TIMEOUT)."
  type        = number
  default     = 20

  validation {
    condition     = var.drain_timeout >= 5 && floor(var.drain_timeout) == var.drain_timeout
    error_message = "drain_timeout: whole seconds, and at least 5."
  }
}

variable "deregistration_delay" {
  description = "Seconds for which the balancer lets a task that leaves finish its requests: the balancer's variable of that name."
  type        = number
  default     = 30

  validation {
    condition     = var.deregistration_delay >= var.drain_delay + var.drain_timeout
    error_message = "deregistration_delay: ${var.deregistration_delay} s is less than drain_delay + drain_timeout, so the balancer would cut off requests that the server still answers."
  }
}

variable "stop_timeout" {
  description = "Seconds after which ECS kills a task that has been told to stop; Fargate allows 120."
  type        = number
  default     = 60

  validation {
    condition     = var.stop_timeout >= var.deregistration_delay && var.stop_timeout <= 120
    error_message = "stop_timeout: from deregistration_delay (${var.deregistration_delay}), or a task would be killed while it has requests, to 120, Fargate's most."
  }
}

# ---- Network.

variable "vpc_id" {
  description = "VPC of the tasks."
  type        = string

  validation {
    condition     = can(regex("^vpc-", var.vpc_id))
    error_message = "vpc_id: the id of a VPC, as in vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 1
    error_message = "subnet_ids: the tasks need a subnet, and better one in each of two zones."
  }
}

variable "public_ip" {
  description = "Give tasks public addresses, with which they get out of a public subnet. They let in only the balancer."
  type        = bool
  default     = false
}

variable "target_group_arn" {
  description = "The balancer's target group."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:elasticloadbalancing:", var.target_group_arn))
    error_message = "target_group_arn: the ARN of a target group."
  }
}

variable "balancer_security_group_id" {
  description = "Security group of the balancer, the only one to be let in."
  type        = string

  validation {
    condition     = can(regex("^sg-", var.balancer_security_group_id))
    error_message = "balancer_security_group_id: the id of a security group."
  }
}

variable "balancer_cidrs" {
  description = "Networks of the balancer, whose X-Forwarded-For the server believes (TRUSTED_PROXIES)."
  type        = list(string)

  validation {
    condition     = length(var.balancer_cidrs) >= 1 && alltrue([for c in var.balancer_cidrs : can(cidrhost(c, 0)) && c != "0.0.0.0/0"])
    error_message = "balancer_cidrs: the balancer's subnets, and not everybody: else clients could choose their addresses."
  }
}

variable "balancer_arn_suffix" {
  description = "Name of the balancer in its metrics, for scaling."
  type        = string

  validation {
    condition     = can(regex("^app/", var.balancer_arn_suffix))
    error_message = "balancer_arn_suffix: it begins with app/."
  }
}

variable "target_group_arn_suffix" {
  description = "Name of the target group in its metrics, for scaling."
  type        = string

  validation {
    condition     = can(regex("^targetgroup/", var.target_group_arn_suffix))
    error_message = "target_group_arn_suffix: it begins with targetgroup/."
  }
}

variable "egress_ports" {
  description = "Ports besides 443 that tasks may connect to anywhere: 587 for mail, 3306 for a database outside the VPC."
  type        = set(number)
  default     = []

  validation {
    condition     = alltrue([for port in var.egress_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "egress_ports: numbers from 1 to 65535."
  }
}

variable "egress_security_groups" {
  description = "Parts in the VPC that tasks connect to."
  type        = map(object({ security_group_id = string, port = number }))
  default     = {}

  validation {
    condition     = alltrue([for part in var.egress_security_groups : part.port >= 1 && part.port <= 65535])
    error_message = "egress_security_groups: ports from 1 to 65535."
  }
}

# ---- Settings and secrets.

variable "settings" {
  description = "Settings of the server, by the names of .env.example, as in { TIME_ZONE = \"Asia/Tokyo\" }. No secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), keys(local.documented))) == 0
    error_message = "settings: the server has no setting ${join(", ", setsubtract(keys(var.settings), keys(local.documented)))}; .env.example lists them all."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), local.secret)) == 0
    error_message = "settings: ${join(", ", setintersection(keys(var.settings), local.secret))}: that is a secret, and belongs into secrets, as the ARN of a secret of Secrets Manager."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), local.taken)) == 0
    error_message = "settings: ${join(", ", setintersection(keys(var.settings), local.taken))}: that follows from other variables; set those."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), keys(var.wired_settings))) == 0
    error_message = "settings: ${join(", ", setintersection(keys(var.settings), keys(var.wired_settings)))}: that is set already, by a part that is made with the service."
  }
}

variable "wired_settings" {
  description = "Settings that follow from other parts, such as the address of the bucket."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.wired_settings), keys(local.documented))) == 0
    error_message = "wired_settings: the server has no setting ${join(", ", setsubtract(keys(var.wired_settings), keys(local.documented)))}; .env.example lists them all."
  }

  validation {
    condition     = length(setintersection(keys(var.wired_settings), local.secret)) == 0
    error_message = "wired_settings: ${join(", ", setintersection(keys(var.wired_settings), local.secret))}: that is a secret, and belongs into secrets."
  }
}

variable "secrets" {
  description = "Secrets of the server: ARNs of secrets of Secrets Manager by the names of .env.example, DATABASE_URL at least."
  type        = map(string)

  validation {
    condition     = contains(keys(var.secrets), "DATABASE_URL")
    error_message = "secrets: DATABASE_URL is missing."
  }

  validation {
    condition     = length(setsubtract(keys(var.secrets), keys(local.documented))) == 0
    error_message = "secrets: the server has no setting ${join(", ", setsubtract(keys(var.secrets), keys(local.documented)))}; .env.example lists them all."
  }

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[a-z-]+:secretsmanager:", arn))])
    error_message = "secrets: ARNs of secrets of Secrets Manager, not the secrets themselves."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), concat(keys(var.settings), keys(var.wired_settings)))) == 0
    error_message = "secrets: ${join(", ", setintersection(keys(var.secrets), concat(keys(var.settings), keys(var.wired_settings))))} is a setting and a secret at once."
  }
}

variable "migrate_secrets" {
  description = "Secrets that the task migrate has instead: DATABASE_URL with a user who may create tables, where the server's may not."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, arn in var.migrate_secrets : contains(keys(var.secrets), name) && can(regex("^arn:[a-z-]+:secretsmanager:", arn))])
    error_message = "migrate_secrets: ARNs of secrets of Secrets Manager, for names that secrets has too."
  }
}

variable "secret_kms_key_arns" {
  description = "Keys of your own that the secrets are encrypted with. Empty: Amazon's."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_kms_key_arns : can(regex("^arn:[a-z-]+:kms:", arn))])
    error_message = "secret_kms_key_arns: ARNs of keys of KMS."
  }
}

variable "task_policies" {
  description = "What the server may do, as policies in JSON by their names."
  type        = map(string)
  default     = {}
}

variable "rollback_alarms" {
  description = "Alarms of CloudWatch that roll a deployment back."
  type        = list(string)

  validation {
    condition     = length(var.rollback_alarms) >= 1
    error_message = "rollback_alarms: name at least one, or a deployment that only answers errors would stay."
  }
}

# ---- Datadog.

variable "datadog" {
  description = "Send traces, metrics and logs to Datadog: the secret with the API key, the site that the account is on, and the value of the tag env. null: no agent, and logs go to CloudWatch."
  type = object({
    api_key_secret_arn = string
    site               = optional(string, "datadoghq.com")
    environment        = optional(string, "production")
  })
  default = null

  validation {
    condition     = var.datadog == null || can(regex("^arn:[a-z-]+:secretsmanager:", var.datadog.api_key_secret_arn))
    error_message = "datadog.api_key_secret_arn: the ARN of a secret of Secrets Manager."
  }

  validation {
    condition     = var.datadog == null || contains(["datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com", "ddog-gov.com"], try(var.datadog.site, ""))
    error_message = "datadog.site: a site of Datadog, such as datadoghq.com, datadoghq.eu or ap1.datadoghq.com."
  }

  validation {
    condition     = var.datadog == null || can(regex("^[a-z][a-z0-9-]*$", var.datadog.environment))
    error_message = "datadog.environment: lower-case letters, digits and hyphens."
  }

  validation {
    condition     = var.datadog == null || var.memory >= 1024
    error_message = "datadog: the agent and the router need 384 MiB besides the server; set memory to 1024 or more."
  }
}

variable "datadog_agent_image" {
  description = "Image of the Datadog agent."
  type        = string
  default     = "public.ecr.aws/datadog/agent:7.66.1"

  validation {
    condition     = can(regex(":[^:/]+$", var.datadog_agent_image)) && !endswith(var.datadog_agent_image, ":latest")
    error_message = "datadog_agent_image: an address with a tag, and not :latest."
  }
}

variable "log_router_image" {
  description = "Image of the FireLens log router, Fluent Bit."
  type        = string
  default     = "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32.5"

  validation {
    condition     = can(regex(":[^:/]+$", var.log_router_image)) && !endswith(var.log_router_image, ":latest")
    error_message = "log_router_image: an address with a tag, and not :latest."
  }
}
