variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "domain" {
  description = "Name of the CDN, as in media.example.com. null: a name of CloudFront's."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain: a host name in lower case, as in media.example.com."
  }
}

variable "certificate_arn" {
  description = "Certificate for that name, of ACM in us-east-1, where CloudFront looks for it."
  type        = string
  default     = null

  validation {
    condition     = (var.domain == null) == (var.certificate_arn == null)
    error_message = "certificate_arn: domain and certificate_arn belong together."
  }

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:acm:us-east-1:", var.certificate_arn))
    error_message = "certificate_arn: CloudFront takes certificates of us-east-1 only."
  }
}

variable "upload_origins" {
  description = "Origins whose pages may put uploads into the bucket, as in https://38qa.net: those of CORS_ORIGINS. Empty: none."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.upload_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "upload_origins: origins without a path and without *, as in https://38qa.net."
  }
}

variable "keep_deleted_days" {
  description = "For how many days deleted pictures can be had back."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_deleted_days >= 1 && var.keep_deleted_days <= 365
    error_message = "keep_deleted_days: from 1 to 365."
  }
}

variable "price_class" {
  description = "From where CloudFront serves: PriceClass_200 has Japan, PriceClass_100 Europe and North America only."
  type        = string
  default     = "PriceClass_200"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class: PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "force_destroy" {
  description = "Let terraform destroy delete the bucket with all pictures in it."
  type        = bool
  default     = false
}
