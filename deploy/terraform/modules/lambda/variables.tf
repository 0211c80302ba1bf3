variable "name" {
  description = "Name of the function, and of what belongs to it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,38}[a-z0-9]$", var.name))
    error_message = "name: 3 to 40 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "description" {
  description = "What the function is for."
  type        = string

  validation {
    condition     = length(trimspace(var.description)) > 0 && length(var.description) <= 256
    error_message = "description: say in up to 256 characters what the function is for."
  }
}

variable "image" {
  description = "The image in a repository of ECR in this account and region, with its tag or digest."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[^:@ ]+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image: Lambda takes images of ECR only, with a tag or a digest, and :latest can be another image tomorrow."
  }
}

variable "architecture" {
  description = "Processor of the function, which the image has to be built for: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: arm64 or x86_64."
  }
}

variable "memory" {
  description = "Memory in MiB. The processor grows with it: 1769 are one whole."
  type        = number
  default     = 512

  validation {
    condition     = var.memory >= 256 && var.memory <= 10240
    error_message = "memory: from 256, below which checking a password takes too long, to 10240."
  }
}

variable "timeout" {
  description = "Seconds that one event may take. Cognito waits for 5."
  type        = number
  default     = 30

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "timeout: from 1 to 900."
  }
}

variable "concurrency" {
  description = "Events that are worked on at once at most. -1: as many as the account allows."
  type        = number
  default     = -1

  validation {
    condition     = var.concurrency == -1 || var.concurrency >= 1
    error_message = "concurrency: at least 1, or -1."
  }
}

variable "provisioned" {
  description = "Environments that are kept started, for some dollars a month each. 0: none."
  type        = number
  default     = 0

  validation {
    condition     = var.provisioned >= 0 && (var.concurrency == -1 || var.provisioned <= var.concurrency)
    error_message = "provisioned: from 0 to concurrency."
  }
}

variable "log_days" {
  description = "For how many days logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_days)
    error_message = "log_days: a time that CloudWatch knows, such as 7, 14, 30, 60, 90 or 365."
  }
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string

  validation {
    condition     = can(regex("^vpc-", var.vpc_id))
    error_message = "vpc_id: the id of a VPC, as in vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Private subnets with a way out, which is needed to fetch secrets."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 1
    error_message = "subnet_ids: the function needs a private subnet."
  }
}

variable "egress_ports" {
  description = "Ports besides 443 that the function may connect to anywhere."
  type        = set(number)
  default     = []

  validation {
    condition     = alltrue([for port in var.egress_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "egress_ports: numbers from 1 to 65535."
  }
}

variable "egress_security_groups" {
  description = "Parts in the VPC that the function connects to."
  type        = map(object({ security_group_id = string, port = number }))
  default     = {}

  validation {
    condition     = alltrue([for part in var.egress_security_groups : part.port >= 1 && part.port <= 65535])
    error_message = "egress_security_groups: ports from 1 to 65535."
  }
}

variable "settings" {
  description = "Settings of the program, by the names of .env.example. No secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), keys(local.documented))) == 0
    error_message = "settings: the program has no setting ${join(", ", setsubtract(keys(var.settings), keys(local.documented)))}; .env.example lists them all."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), local.secret)) == 0
    error_message = "settings: ${join(", ", setintersection(keys(var.settings), local.secret))}: that is a secret, and belongs into secrets, as the ARN of a secret of Secrets Manager."
  }
}

variable "secrets" {
  description = "Secrets of the program: ARNs of secrets of Secrets Manager by the names of .env.example."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[a-z-]+:secretsmanager:", arn))])
    error_message = "secrets: ARNs of secrets of Secrets Manager, not the secrets themselves."
  }

  validation {
    condition     = length(setsubtract(keys(var.secrets), keys(local.documented))) == 0
    error_message = "secrets: the program has no setting ${join(", ", setsubtract(keys(var.secrets), keys(local.documented)))}; .env.example lists them all."
  }
}

variable "policies" {
  description = "What the program may do besides, as policies in JSON by their names."
  type        = map(string)
  default     = {}
}

variable "schedules" {
  description = "When EventBridge calls the function: expression as in rate(1 minute) or cron(0 * * * ? *), its time zone, and the event in JSON."
  type        = map(object({ expression = string, time_zone = optional(string, "UTC"), input = string }))
  default     = {}

  validation {
    condition     = alltrue([for s in var.schedules : can(regex("^(rate|cron|at)\\(.+\\)$", s.expression))])
    error_message = "schedules: an expression is rate(…), cron(…) or at(…)."
  }

  validation {
    condition     = alltrue([for s in var.schedules : can(jsondecode(s.input))])
    error_message = "schedules: input is an event in JSON."
  }
}

variable "uploads" {
  description = "Call the function for each object that is put under a prefix of a bucket. null: not."
  type        = object({ bucket_id = string, bucket_arn = string, prefix = string })
  default     = null

  validation {
    condition     = var.uploads == null || try(length(var.uploads.prefix) > 0, false)
    error_message = "uploads.prefix: without one the function would call itself with what it stores."
  }
}
