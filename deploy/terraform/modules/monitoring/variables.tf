variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "emails" {
  description = "Addresses that alarms are mailed to; each has to confirm."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "emails: mail addresses."
  }
}

variable "balancer_arn_suffix" {
  description = "Name of the balancer in its metrics."
  type        = string

  validation {
    condition     = can(regex("^app/", var.balancer_arn_suffix))
    error_message = "balancer_arn_suffix: it begins with app/."
  }
}

variable "target_group_arn_suffix" {
  description = "Name of the target group in its metrics."
  type        = string

  validation {
    condition     = can(regex("^targetgroup/", var.target_group_arn_suffix))
    error_message = "target_group_arn_suffix: it begins with targetgroup/."
  }
}

variable "cluster" {
  description = "Name of the cluster."
  type        = string
}

variable "service" {
  description = "Name of the service. A name and not a resource: the service needs the alarms before it."
  type        = string
}

variable "database" {
  description = "Instance and proxy to watch. null: a given database, which its owner watches."
  type        = object({ instance_id = string, proxy_name = optional(string) })
  default     = null
}

variable "cache_node_ids" {
  description = "Nodes of the cache to watch."
  type        = list(string)
  default     = []
}

variable "functions" {
  description = "Lambda functions to watch, with the seconds that they have for an event."
  type        = map(object({ name = string, timeout = number }))
  default     = {}
}

variable "mail" {
  description = "Watch the account's bounces and complaints."
  type        = bool
  default     = false
}

variable "latency_seconds" {
  description = "Time that 99 of 100 requests have to be below."
  type        = number
  default     = 2

  validation {
    condition     = var.latency_seconds > 0 && var.latency_seconds <= 15
    error_message = "latency_seconds: above 0, up to 15, after which the server gives up a request."
  }
}

variable "error_percent" {
  description = "Share of failed requests from which the alarm goes off, and a deployment is rolled back."
  type        = number
  default     = 5

  validation {
    condition     = var.error_percent > 0 && var.error_percent < 100
    error_message = "error_percent: above 0 and below 100."
  }
}
