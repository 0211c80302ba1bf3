output "url_secret_arn" {
  description = "Secret with the server's DATABASE_URL, once it has a value."
  value       = aws_secretsmanager_secret_version.url.arn
}

output "login_secret_arn" {
  description = "Secret with the owner's user name and password."
  value       = aws_secretsmanager_secret_version.login.arn
}

output "binlog_endpoint" {
  description = "HOST:PORT of the instance itself, off the proxy, which cannot serve the binary log."
  value       = "${aws_db_instance.this.address}:${local.port}"
}

output "instance_id" {
  description = "Name of the instance, for its alarms."
  value       = aws_db_instance.this.identifier
}

output "proxy_name" {
  description = "Name of the proxy, for its alarms; null without one."
  value       = var.proxy ? aws_db_proxy.this[0].name : null
}

output "security_group_ids" {
  description = "Security groups that clients have to be let out to: the instance's, and the proxy's."
  value       = merge({ database = aws_security_group.instance.id }, var.proxy ? { database-proxy = aws_security_group.proxy[0].id } : {})
}
