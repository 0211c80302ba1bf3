variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "from" {
  description = "Address that mails come from (MAIL_FROM). Its domain becomes an identity of SES."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9._+-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.from))
    error_message = "from: a mail address in lower case, as in noreply@example.com."
  }
}

variable "zone_id" {
  description = "Hosted zone of Route 53 of that domain, for the DKIM records. null: make them by hand, of the output dkim."
  type        = string
  default     = null

  validation {
    condition     = var.zone_id == null || can(regex("^[A-Z0-9]{5,32}$", var.zone_id))
    error_message = "zone_id: the id of a hosted zone, as in Z0123456789ABC."
  }
}
