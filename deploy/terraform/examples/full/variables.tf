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
  default     = 1024
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 2048
}

variable "min_tasks" {
  description = "Tasks that run at least."
  type        = number
  default     = 2
}

variable "max_tasks" {
  description = "Tasks that run at most."
  type        = number
  default     = 6
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
  description = "Address that mails come from. null: the site's own option, and no SES."
  type        = string
  default     = null

  validation {
    condition     = var.mail_from == null || can(regex("^[a-z0-9._+-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.mail_from))
    error_message = "mail_from: a mail address in lower case, as in noreply@example.com."
  }
}

variable "mail_url_secret_arn" {
  description = "Secret with MAIL_URL, smtp://user:password@host:587. null: the server sends by the API of SES, or no mail without mail_from."
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

# ---- The network.

variable "vpc" {
  description = "A VPC that exists, with public and private subnets in two zones; the private ones need a way out. null: one is made."
  type = object({
    vpc_id             = string
    public_subnet_ids  = list(string)
    private_subnet_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.private_subnet_ids) >= 2, false)
    error_message = "vpc.private_subnet_ids: the database needs private subnets in two zones."
  }
}

variable "cidr" {
  description = "Addresses of the VPC that is made."
  type        = string
  default     = "10.38.0.0/16"
}

variable "nat" {
  description = "NAT gateways of the VPC that is made: one, or per_zone, with which a zone's failure leaves the others their way out. Not used with vpc."
  type        = string
  default     = "one"

  validation {
    condition     = contains(["one", "per_zone"], var.nat)
    error_message = "nat: one or per_zone. Functions of Lambda have no public addresses, and cannot do without."
  }
}

# ---- The database.

variable "given_database" {
  description = "A database that exists, with the secret that holds its DATABASE_URL, its security group and its port. null: one is made, with a proxy before it."
  type        = object({ url_secret_arn = string, security_group_id = string, port = optional(number, 3306) })
  default     = null

  validation {
    condition     = var.given_database == null || can(regex("^arn:[a-z-]+:secretsmanager:", var.given_database.url_secret_arn))
    error_message = "given_database.url_secret_arn: the ARN of a secret of Secrets Manager."
  }

  validation {
    condition     = var.given_database == null || var.vpc != null
    error_message = "given_database: its security group is in a VPC that exists; name that in vpc."
  }
}

variable "database_class" {
  description = "Class of the instance that is made."
  type        = string
  default     = "db.t4g.medium"
}

variable "database_storage_gb" {
  description = "Storage at the beginning, in GB."
  type        = number
  default     = 20
}

variable "database_max_storage_gb" {
  description = "Storage up to which RDS enlarges it by itself, in GB."
  type        = number
  default     = 200
}

variable "database_multi_az" {
  description = "Keep a standby in another zone."
  type        = bool
  default     = true
}

variable "database_proxy" {
  description = "Put an RDS Proxy before the instance."
  type        = bool
  default     = true
}

variable "database_time_zone" {
  description = "Time zone of MySQL: that of the old site's database server, in whose local time Question2Answer stores times."
  type        = string
  default     = "UTC"
}

variable "database_backup_days" {
  description = "For how many days the database can be restored to any moment."
  type        = number
  default     = 14
}

# ---- The cache.

variable "cache_nodes" {
  description = "Nodes of the cache that the tasks count requests in. 0: no cache, and each task counts for itself."
  type        = number
  default     = 1

  validation {
    condition     = contains([0, 1, 2, 3], var.cache_nodes)
    error_message = "cache_nodes: from 0 to 3."
  }
}

# ---- Pictures.

variable "media_domain" {
  description = "Name of the CDN of pictures, as in media.example.com. null: a name of CloudFront's."
  type        = string
  default     = null
}

variable "media_certificate_arn" {
  description = "Certificate for that name, of ACM in us-east-1."
  type        = string
  default     = null

  validation {
    condition     = (var.media_domain == null) == (var.media_certificate_arn == null)
    error_message = "media_certificate_arn: media_domain and media_certificate_arn belong together."
  }
}

# ---- Cognito and Lambda.

variable "cognito" {
  description = "Sign people in with a Cognito user pool, into which members move one at a time. false: with the server's own issuer."
  type        = bool
  default     = false
}

variable "cognito_group_levels" {
  description = "Groups of the pool, and the levels of Question2Answer that they give, as in { moderators = \"moderator\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = var.cognito || length(var.cognito_group_levels) == 0
    error_message = "cognito_group_levels: there is no pool; set cognito to true."
  }
}

variable "trigger_environments" {
  description = "Environments of the trigger function that are kept started while people move to Cognito, which waits for 5 seconds only. 0: none."
  type        = number
  default     = 0

  validation {
    condition     = var.cognito || var.trigger_environments == 0
    error_message = "trigger_environments: there is no trigger function; set cognito to true."
  }
}

variable "schedules" {
  description = "Calls of a Lambda function that does the server's work beside requests (jobs, events, mails), by name: expression, as rate(1 minute); time zone; and the event in JSON, {\"source\": \"aws.scheduler\"}. The tasks do that work by themselves: this is for a site that Lambda alone serves. Empty: no such function."
  type        = map(object({ expression = string, time_zone = optional(string, "UTC"), input = string }))
  default     = {}
}

variable "upload_events" {
  description = "Let that function make thumbnails as soon as a client has put a file into the bucket."
  type        = bool
  default     = false

  validation {
    condition     = !var.upload_events || length(var.schedules) > 0
    error_message = "upload_events: there is no function; name its schedules."
  }
}
