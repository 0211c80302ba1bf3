variable "name" {
  description = "Name of the repository."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "keep_images" {
  description = "How many images are kept; older ones are deleted."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_images >= 5 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images: a whole number from 5, so that there is something to roll back to, to 1000."
  }
}

variable "force_delete" {
  description = "Let terraform destroy delete the repository with the images in it."
  type        = bool
  default     = false
}
