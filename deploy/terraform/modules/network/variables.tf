variable "name" {
  description = "Prefix of the names of all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "given" {
  description = "A VPC that exists, with at least two public subnets in different zones, and the private ones. null: one is made."
  type = object({
    vpc_id             = string
    public_subnet_ids  = list(string)
    private_subnet_ids = list(string)
  })
  default = null

  validation {
    condition     = var.given == null || try(length(var.given.public_subnet_ids) >= 2, false)
    error_message = "given.public_subnet_ids: a balancer needs subnets in at least two zones."
  }
}

variable "cidr" {
  description = "Addresses of the VPC that is made, of a size from /16 to /20."
  type        = string
  default     = "10.38.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr: an IPv4 network with a prefix length from 16 to 20, as in 10.38.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones of the VPC that is made; two are enough. Not used with given."
  type        = list(string)
  default     = []

  validation {
    condition = var.given != null ? length(var.zones) == 0 : (
      length(var.zones) >= 2 && length(var.zones) <= 8 && length(distinct(var.zones)) == length(var.zones)
    )
    error_message = "zones: two to eight different availability zones for the VPC that is made, and none with given."
  }
}

variable "nat" {
  description = "NAT gateways of the VPC that is made: none (tasks have public addresses, and let in only the balancer), one, or per_zone. One costs about USD 33 a month and the traffic."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat: none, one or per_zone."
  }

  validation {
    condition     = var.given == null || var.nat == "none"
    error_message = "nat: a given VPC has its own way out; leave nat at none."
  }
}
