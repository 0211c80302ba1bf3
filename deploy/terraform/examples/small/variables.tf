# ---- What it is called, and where.

variable "name" {
  description = "Prefix of the names of all resources."
  type        = string
  default     = "q2ab"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "ap-northeast-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: a region of AWS, as in ap-northeast-1."
  }
}

variable "domain" {
  description = "Name of the API, as in api.example.com (PUBLIC_URL)."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain: a host name in lower case, as in api.example.com."
  }
}

variable "zone_id" {
  description = "Hosted zone of Route 53 that the name is in: the certificate and the records are made there. null: give certificate_arn, and point the name to the output balancer_dns_name yourself."
  type        = string
  default     = null

  validation {
    condition     = var.zone_id == null || can(regex("^[A-Z0-9]{5,32}$", var.zone_id))
    error_message = "zone_id: the id of a hosted zone, as in Z0123456789ABC."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM for the name, in this region, where there is no zone_id."
  type        = string
  default     = null

  validation {
    condition     = (var.certificate_arn == null) != (var.zone_id == null)
    error_message = "certificate_arn: give either zone_id, where the certificate is made, or certificate_arn, and not both."
  }

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:acm:${var.region}:", var.certificate_arn))
    error_message = "certificate_arn: the ARN of a certificate of ACM in ${var.region}."
  }
}

variable "protect" {
  description = "Refuse to delete what holds data or is reached by its name, even by terraform destroy. Set it to false, and apply, before you tear everything down."
  type        = bool
  default     = true
}

# ---- The image.

variable "image_tag" {
  description = "Tag of the image in the registry that is made. It has to be pushed before the rest is applied: see the README."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag: the tag of one image, and not latest."
  }
}

variable "architecture" {
  description = "Processor: arm64, which is a fifth cheaper, or x86_64. The image has to be built for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: arm64 or x86_64."
  }
}

# ---- The tasks. The module service says what is possible.

variable "cpu" {
  description = "CPU units of a task; 1024 are one processor."
  type        = number
  default     = 512
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 1024
}

variable "min_tasks" {
  description = "Tasks that run at least."
  type        = number
  default     = 1
}

variable "max_tasks" {
  description = "Tasks that run at most."
  type        = number
  default     = 1
}

variable "drain_delay" {
  description = "Seconds for which a server that is told to stop still accepts requests."
  type        = number
  default     = 10
}

variable "drain_timeout" {
  description = "Seconds for which requests under way may then still take."
  type        = number
  default     = 20
}

variable "deregistration_delay" {
  description = "Seconds for which the balancer lets a task that leaves finish its requests: at least drain_delay + drain_timeout."
  type        = number
  default     = 30
}

variable "stop_timeout" {
  description = "Seconds after which ECS kills a task that has been told to stop: at least deregistration_delay, at most 120."
  type        = number
  default     = 60
}

# ---- The site.

variable "settings" {
  description = "Further settings of the server, by the names of .env.example, as in { TIME_ZONE = \"Asia/Tokyo\" }. No secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Further secrets of the server: ARNs of secrets of Secrets Manager by the names of .env.example, as in { CAPTCHA_SECRET = \"arn:…\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.secrets), ["DATABASE_URL", "AUTH_KEY_SECRET", "REDIS_URL", "MAIL_URL"])) == 0
    error_message = "secrets: DATABASE_URL, AUTH_KEY_SECRET, REDIS_URL and MAIL_URL have variables of their own, or are made here."
  }
}

variable "cors_origins" {
  description = "Origins whose pages may call the API and upload pictures, as in https://38qa.net. Empty: none."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "cors_origins: origins without a path and without *, as in https://38qa.net."
  }
}

variable "mail_from" {
  description = "Address that mails come from. null: the site's own option."
  type        = string
  default     = null

  validation {
    condition     = var.mail_from == null || can(regex("^[a-z0-9._+-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.mail_from))
    error_message = "mail_from: a mail address in lower case, as in noreply@example.com."
  }
}

variable "mail_url_secret_arn" {
  description = "Secret with MAIL_URL, smtp://user:password@host:587. null: the server sends no mail."
  type        = string
  default     = null

  validation {
    condition     = var.mail_url_secret_arn == null || can(regex("^arn:[a-z-]+:secretsmanager:", var.mail_url_secret_arn))
    error_message = "mail_url_secret_arn: the ARN of a secret of Secrets Manager."
  }
}

variable "mail_port" {
  description = "Port in that address, which the tasks may connect to."
  type        = number
  default     = 587

  validation {
    condition     = contains([25, 465, 587, 2465, 2525, 2587], var.mail_port)
    error_message = "mail_port: 465, 587, or another port of mail servers (25, 2465, 2525, 2587)."
  }
}

# ---- Who hears of what.

variable "alarm_emails" {
  description = "Addresses that alarms are mailed to; each has to confirm."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails: mail addresses."
  }
}

variable "log_days" {
  description = "For how many days logs are kept in CloudWatch."
  type        = number
  default     = 30
}

variable "datadog" {
  description = "Send traces, metrics and logs to Datadog: the secret with the API key, the account's site, and the value of the tag env. null: no agent, and logs go to CloudWatch."
  type = object({
    api_key_secret_arn = string
    site               = optional(string, "datadoghq.com")
    environment        = optional(string, "production")
  })
  default = null
}

# ---- The database, which exists.

variable "database_url_secret_arn" {
  description = "Secret with DATABASE_URL, mysql://user:password@host:3306/name (?tls=true where the server's certificate is of a public authority, ?tls=skip-verify on RDS)."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:", var.database_url_secret_arn))
    error_message = "database_url_secret_arn: the ARN of a secret of Secrets Manager."
  }
}

variable "migrate_database_url_secret_arn" {
  description = "Secret with the DATABASE_URL of a user who may create tables, where the server's may not. null: the same."
  type        = string
  default     = null

  validation {
    condition     = var.migrate_database_url_secret_arn == null || can(regex("^arn:[a-z-]+:secretsmanager:", var.migrate_database_url_secret_arn))
    error_message = "migrate_database_url_secret_arn: the ARN of a secret of Secrets Manager."
  }
}

variable "database_port" {
  description = "Port of the database."
  type        = number
  default     = 3306

  validation {
    condition     = var.database_port >= 1 && var.database_port <= 65535
    error_message = "database_port: from 1 to 65535."
  }
}

# ---- The network.

variable "vpc" {
  description = "The VPC that the database is in, with public subnets in two zones; and private ones, if they have a way out: else tasks get public addresses. null: a VPC is made, from which the database has to be reached by a public address."
  type = object({
    vpc_id             = string
    public_subnet_ids  = list(string)
    private_subnet_ids = optional(list(string), [])
  })
  default = null
}

variable "cidr" {
  description = "Addresses of the VPC that is made."
  type        = string
  default     = "10.38.0.0/16"
}
