variable "environment" {
  description = "The tag env of what is watched: DD_ENV of the tasks."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9_.-]*$", var.environment))
    error_message = "environment must be a tag's value of Datadog: small letters, digits and _ . -, a letter first."
  }
}

variable "service" {
  description = "The tag service of what is watched: DD_SERVICE of the tasks."
  type        = string
  default     = "q2a-backend"
}

variable "notify" {
  description = "Who is told, as in Datadog's messages: @ops@example.jp, @slack-channel. Empty: nobody."
  type        = string
  default     = ""
}

variable "availability" {
  description = "Of 100 requests in 30 days, how many must not fail through the server's fault."
  type        = number
  default     = 99.9
  validation {
    condition     = var.availability > 50 && var.availability < 100
    error_message = "availability must be above 50 and below 100."
  }
}

variable "latency_seconds" {
  description = "The time within which requests are to be answered, in seconds."
  type        = number
  default     = 0.5
  validation {
    condition     = var.latency_seconds > 0
    error_message = "latency_seconds must be above 0."
  }
}

variable "latency_share" {
  description = "Of 100 requests in 30 days, how many must be answered within latency_seconds."
  type        = number
  default     = 99
  validation {
    condition     = var.latency_share > 50 && var.latency_share < 100
    error_message = "latency_share must be above 50 and below 100."
  }
}
