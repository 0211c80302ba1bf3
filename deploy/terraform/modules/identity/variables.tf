variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "trigger_function" {
  description = "The Lambda function that answers the pool's triggers: its name, its alias, and the ARN of the alias."
  type        = object({ name = string, alias = string, arn = string })

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:.*:function:${var.trigger_function.name}:${var.trigger_function.alias}$", var.trigger_function.arn))
    error_message = "trigger_function: arn is not that of the alias ${var.trigger_function.alias} of the function ${var.trigger_function.name}."
  }
}

variable "email_identity_arn" {
  description = "Identity of SES that Cognito's mails come from. null: Cognito's own sender, for up to 50 mails a day."
  type        = string
  default     = null

  validation {
    condition     = var.email_identity_arn == null || can(regex("^arn:[a-z-]+:ses:", var.email_identity_arn))
    error_message = "email_identity_arn: the ARN of an identity of SES."
  }
}

variable "email_from" {
  description = "Address that Cognito's mails come from, of that identity."
  type        = string
  default     = null

  validation {
    condition     = (var.email_from == null) == (var.email_identity_arn == null)
    error_message = "email_from: email_from and email_identity_arn belong together."
  }
}

variable "group_levels" {
  description = "Groups of the pool, and the levels of Question2Answer that they give, as in { moderators = \"moderator\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for level in values(var.group_levels) : contains(["approved", "expert", "editor", "moderator", "admin", "super"], level)])
    error_message = "group_levels: levels are approved, expert, editor, moderator, admin and super."
  }

  validation {
    condition     = alltrue([for group in keys(var.group_levels) : can(regex("^[A-Za-z0-9_-]+$", group))])
    error_message = "group_levels: names of groups are of letters, digits, _ and -."
  }
}

variable "password_length" {
  description = "Length of new passwords at least."
  type        = number
  default     = 8

  validation {
    condition     = var.password_length >= 8 && var.password_length <= 99
    error_message = "password_length: from 8 to 99."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the pool, even by terraform destroy."
  type        = bool
  default     = true
}
