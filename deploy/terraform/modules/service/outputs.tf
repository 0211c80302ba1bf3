output "cluster" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "service" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "server_family" {
  description = "Family of the server's task definitions."
  value       = aws_ecs_task_definition.server.family
}

output "migrate_family" {
  description = "Family of the one-off task's definitions."
  value       = aws_ecs_task_definition.migrate.family
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}

output "subnet_ids" {
  description = "Subnets of the tasks."
  value       = var.subnet_ids
}

output "public_ip" {
  description = "Whether tasks have public addresses."
  value       = var.public_ip
}

output "run_migrate" {
  description = "Command that runs the one-off task."
  value = join(" ", [
    "aws ecs run-task --cluster ${aws_ecs_cluster.this.name} --launch-type FARGATE",
    "--task-definition ${aws_ecs_task_definition.migrate.family}",
    "--network-configuration 'awsvpcConfiguration={subnets=[${join(",", var.subnet_ids)}],securityGroups=[${aws_security_group.tasks.id}],assignPublicIp=${var.public_ip ? "ENABLED" : "DISABLED"}}'",
  ])
}
