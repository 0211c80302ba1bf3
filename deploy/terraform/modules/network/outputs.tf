output "vpc_id" {
  description = "Id of the VPC."
  value       = local.given ? data.aws_vpc.given[0].id : aws_vpc.this[0].id
}

output "public_subnet_ids" {
  description = "Subnets for the balancer."
  value       = local.given ? var.given.public_subnet_ids : [for zone in var.zones : aws_subnet.public[zone].id]
}

output "public_cidrs" {
  description = "Networks of the public subnets: the balancer's addresses, which the server trusts to name its clients."
  value       = local.given ? data.aws_subnet.given[*].cidr_block : [for zone in var.zones : aws_subnet.public[zone].cidr_block]
}

output "private_subnet_ids" {
  description = "Subnets for the database."
  value       = local.given ? var.given.private_subnet_ids : [for zone in var.zones : aws_subnet.private[zone].id]
}

output "task_subnet_ids" {
  description = "Subnets for the tasks: the private ones if they have a way out, else the public ones."
  value = (
    local.given ? (length(var.given.private_subnet_ids) > 0 ? var.given.private_subnet_ids : var.given.public_subnet_ids) :
    [for zone in var.zones : var.nat == "none" ? aws_subnet.public[zone].id : aws_subnet.private[zone].id]
  )
}

output "task_public_ip" {
  description = "Whether tasks need public addresses, which they do in public subnets."
  value       = local.given ? length(var.given.private_subnet_ids) == 0 : var.nat == "none"
}
