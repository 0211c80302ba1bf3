variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
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
  description = "Private subnets in at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids: RDS needs private subnets in at least two zones."
  }
}

variable "client_security_groups" {
  description = "Security groups of those who may connect, by what they are, as in { server = \"sg-…\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = !contains(keys(var.client_security_groups), "proxy")
    error_message = "client_security_groups: the name proxy is taken by the database's own proxy."
  }
}

variable "instance_class" {
  description = "Class of the instance. db.t4g.small has 2 GB, which holds the working set of a community of some 100,000 posts."
  type        = string
  default     = "db.t4g.small"

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "instance_class: a class of RDS, as in db.t4g.small."
  }
}

variable "storage_gb" {
  description = "Storage at the beginning, in GB."
  type        = number
  default     = 20

  validation {
    condition     = var.storage_gb >= 20 && var.storage_gb <= 65536
    error_message = "storage_gb: from 20 to 65536."
  }
}

variable "max_storage_gb" {
  description = "Storage up to which RDS enlarges it by itself, in GB."
  type        = number
  default     = 100

  validation {
    condition     = var.max_storage_gb >= var.storage_gb * 1.1
    error_message = "max_storage_gb: at least a tenth more than storage_gb, or RDS refuses it."
  }
}

variable "multi_az" {
  description = "Keep a standby in another zone, to which RDS fails over in about a minute. It doubles the price."
  type        = bool
  default     = false
}

variable "proxy" {
  description = "Put an RDS Proxy before the database: for more than a few tasks, and for Lambda."
  type        = bool
  default     = true
}

variable "database" {
  description = "Name of the database that is made."
  type        = string
  default     = "q2a"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database))
    error_message = "database: lower-case letters, digits and _, a letter first."
  }
}

variable "username" {
  description = "Owner of the database, as whom the server connects."
  type        = string
  default     = "q2a"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.username)) && !contains(["admin", "root", "mysql", "rdsadmin"], var.username)
    error_message = "username: up to 16 lower-case letters and digits, and none of the names that MySQL and RDS keep for themselves."
  }
}

variable "password_generation" {
  description = "A higher number draws a new password. Restart the tasks afterwards: those that run still have the old one."
  type        = number
  default     = 1

  validation {
    condition     = var.password_generation >= 1 && floor(var.password_generation) == var.password_generation
    error_message = "password_generation: a whole number from 1."
  }
}

variable "time_zone" {
  description = "Time zone of MySQL, in whose local time Question2Answer stores times: that of the old site's database server."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+)$", var.time_zone))
    error_message = "time_zone: UTC, or a zone as in Asia/Tokyo."
  }
}

variable "backup_days" {
  description = "For how many days the database can be restored to any moment. The binary log needs at least 1."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "backup_days: from 1, which the binary log needs, to 35."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the database, even by terraform destroy."
  type        = bool
  default     = true
}

variable "final_snapshot" {
  description = "Take a snapshot, named NAME-final, before the database is deleted."
  type        = bool
  default     = true
}

variable "secret_recovery_days" {
  description = "For how many days deleted secrets can be restored: 0, or 7 to 30. With 0 their names are free at once."
  type        = number
  default     = 7

  validation {
    condition     = var.secret_recovery_days == 0 || var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30
    error_message = "secret_recovery_days: 0, or from 7 to 30."
  }
}
