variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "vpc_id" {
  description = "VPC of the cache."
  type        = string

  validation {
    condition     = can(regex("^vpc-", var.vpc_id))
    error_message = "vpc_id: the id of a VPC, as in vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 1
    error_message = "subnet_ids: the cache needs a private subnet."
  }
}

variable "client_security_groups" {
  description = "Security groups of those who may connect, by what they are."
  type        = map(string)
  default     = {}
}

variable "node_type" {
  description = "Type of the nodes. The smallest one holds the counters of a million clients."
  type        = string
  default     = "cache.t4g.micro"

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[a-z0-9]+$", var.node_type))
    error_message = "node_type: a type of ElastiCache, as in cache.t4g.micro."
  }
}

variable "nodes" {
  description = "Number of nodes: with two, one takes over when the other fails. With one, requests pass uncounted until it is back."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3], var.nodes)
    error_message = "nodes: from 1 to 3."
  }
}

variable "secret_recovery_days" {
  description = "For how many days deleted secrets can be restored: 0, or 7 to 30."
  type        = number
  default     = 7

  validation {
    condition     = var.secret_recovery_days == 0 || var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30
    error_message = "secret_recovery_days: 0, or from 7 to 30."
  }
}
