variable "domain" {
  description = "Name that the certificate is for."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain: a host name in lower case, as in api.example.com."
  }
}

variable "zone_id" {
  description = "Hosted zone of Route 53 that the name is in."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{5,32}$", var.zone_id))
    error_message = "zone_id: the id of a hosted zone, as in Z0123456789ABC."
  }
}
