output "topic_arn" {
  description = "Where alarms go; subscribe whatever wakes people."
  value       = aws_sns_topic.alarms.arn
}

output "rollback_alarms" {
  description = "Alarms that tell a bad deployment from a good one: what new tasks answer."
  value       = [aws_cloudwatch_metric_alarm.errors.alarm_name, aws_cloudwatch_metric_alarm.this["latency"].alarm_name]
}

output "alarm_names" {
  description = "All alarms."
  value       = concat([aws_cloudwatch_metric_alarm.errors.alarm_name], [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name])
}
