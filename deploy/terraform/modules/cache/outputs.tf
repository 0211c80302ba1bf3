output "url_secret_arn" {
  description = "Secret with the server's REDIS_URL, once it has a value."
  value       = aws_secretsmanager_secret_version.url.arn
}

output "node_ids" {
  description = "Names of the nodes, for their alarms."
  value       = [for i in range(var.nodes) : format("%s-%03d", var.name, i + 1)]
}

output "security_group_id" {
  description = "Security group that clients have to be let out to."
  value       = aws_security_group.this.id
}
