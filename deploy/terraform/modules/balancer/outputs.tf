output "target_group_arn" {
  description = "Target group that the tasks register in, once requests are sent to it."
  value       = aws_lb_target_group.tasks.arn
  depends_on  = [aws_lb_listener.https]
}

output "security_group_id" {
  description = "Security group of the balancer, which the tasks let in."
  value       = aws_security_group.this.id
}

output "dns_name" {
  description = "Name of the balancer, which the API's name has to point to."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Route 53's zone of that name, for an alias record."
  value       = aws_lb.this.zone_id
}

output "arn_suffix" {
  description = "Name of the balancer in its metrics."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arn_suffix" {
  description = "Name of the target group in its metrics."
  value       = aws_lb_target_group.tasks.arn_suffix
}

output "deregistration_delay" {
  description = "Seconds for which a task that leaves may finish its requests."
  value       = var.deregistration_delay
}
