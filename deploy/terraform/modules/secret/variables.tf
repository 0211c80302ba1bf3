variable "name" {
  description = "Name of the secret."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9/_-]{3,200}$", var.name)) && !can(regex("-[A-Za-z0-9]{6}$", var.name))
    error_message = "name: letters, digits, / _ and -, and not with a hyphen and six characters at its end, which ARNs have there."
  }
}

variable "description" {
  description = "What the secret is for."
  type        = string

  validation {
    condition     = length(trimspace(var.description)) > 0
    error_message = "description: say what the secret is for."
  }
}

variable "generation" {
  description = "A higher number draws a new value."
  type        = number
  default     = 1

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "generation: a whole number from 1."
  }
}

variable "recovery_days" {
  description = "For how many days a deleted secret can be restored: 0, or 7 to 30. With 0 its name is free at once."
  type        = number
  default     = 7

  validation {
    condition     = var.recovery_days == 0 || var.recovery_days >= 7 && var.recovery_days <= 30
    error_message = "recovery_days: 0, or from 7 to 30."
  }
}
