variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "vpc_id" {
  description = "VPC of the balancer."
  type        = string

  validation {
    condition     = can(regex("^vpc-", var.vpc_id))
    error_message = "vpc_id: the id of a VPC, as in vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Public subnets in at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids: a balancer needs public subnets in at least two zones."
  }
}

variable "task_security_group_id" {
  description = "Security group of the tasks, which requests go to."
  type        = string

  validation {
    condition     = can(regex("^sg-", var.task_security_group_id))
    error_message = "task_security_group_id: the id of a security group."
  }
}

variable "port" {
  description = "Port of the tasks."
  type        = number
  default     = 8080

  validation {
    condition     = var.port >= 1024 && var.port <= 65535
    error_message = "port: from 1024, since the server is no privileged user, to 65535."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM for the API's name, in the balancer's region."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))
    error_message = "certificate_arn: the ARN of a certificate of ACM."
  }
}

variable "client_cidrs" {
  description = "Networks that may connect. Everybody, unless a CDN stands before the balancer."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for c in var.client_cidrs : can(cidrnetmask(c))])
    error_message = "client_cidrs: at least one IPv4 network, as in 0.0.0.0/0."
  }
}

variable "idle_timeout" {
  description = "Seconds for which a connection may be silent. Event streams send a line every 15 seconds, and the server closes unused connections after 75."
  type        = number
  default     = 60

  validation {
    condition     = var.idle_timeout >= 30 && var.idle_timeout <= 70
    error_message = "idle_timeout: from 30, twice the time between two lines of an event stream, to 70, below the server's 75."
  }
}

variable "deregistration_delay" {
  description = "Seconds for which the balancer lets a task that leaves finish its requests."
  type        = number
  default     = 30

  validation {
    condition     = var.deregistration_delay >= 0 && var.deregistration_delay <= 3600
    error_message = "deregistration_delay: from 0 to 3600."
  }
}

variable "unhealthy_after" {
  description = "Seconds for which /readyz of a task fails before ECS replaces it. /readyz fails while the database is away: longer than a failover takes, so that an outage of the database does not restart all tasks."
  type        = number
  default     = 60

  validation {
    condition     = var.unhealthy_after >= 20 && var.unhealthy_after <= 100 && var.unhealthy_after % 10 == 0
    error_message = "unhealthy_after: from 20 to 100 in steps of 10, the time between two checks."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the balancer, even by terraform destroy."
  type        = bool
  default     = true
}
