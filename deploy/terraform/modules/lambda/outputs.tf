output "function" {
  description = "Name of the function, its alias, and the alias's ARN, as the module identity takes them."
  value       = { name = aws_lambda_function.this.function_name, alias = aws_lambda_alias.live.name, arn = aws_lambda_alias.live.arn }
}

output "name" {
  description = "Name of the function, for its alarms."
  value       = aws_lambda_function.this.function_name
}

output "security_group_id" {
  description = "Security group of the function."
  value       = aws_security_group.this.id
}

output "failed_queue_url" {
  description = "Queue of the events that failed; null where nothing calls the function by itself."
  value       = one(aws_sqs_queue.failed[*].url)
}
