output "registry_url" {
  description = "Where the image is pushed to."
  value       = module.registry.url
}

output "balancer_dns_name" {
  description = "What the API's name has to point to, where there is no zone_id."
  value       = module.balancer.dns_name
}

output "cluster" {
  description = "Name of the cluster."
  value       = module.service.cluster
}

output "service" {
  description = "Name of the service."
  value       = module.service.service
}

output "task_families" {
  description = "Families of the task definitions of the server and of the one-off task."
  value       = { server = module.service.server_family, migrate = module.service.migrate_family }
}

output "task_network" {
  description = "Where one-off tasks run: as the server's tasks do."
  value = {
    subnet_ids         = module.service.subnet_ids
    security_group_ids = [module.service.security_group_id]
    public_ip          = module.service.public_ip
  }
}

output "run_migrate" {
  description = "Command that makes or updates the backend's own tables."
  value       = module.service.run_migrate
}

output "cdn_domain" {
  description = "CloudFront's name of the pictures."
  value       = module.media.cdn_domain
}

output "alarm_topic_arn" {
  description = "Where alarms go; subscribe whatever wakes people."
  value       = module.monitoring.topic_arn
}

output "binlog_endpoint" {
  description = "HOST:PORT of the database itself, off the proxy, for whoever follows its binary log. null with a given database."
  value       = one(module.database[*].binlog_endpoint)
}

output "database_login_secret_arn" {
  description = "Secret with the user name and password of the database's owner. null with a given database."
  value       = one(module.database[*].login_secret_arn)
}

output "cognito" {
  description = "Ids of the user pool and of the site's app client. null without Cognito."
  value       = var.cognito ? { pool_id = module.identity[0].pool_id, client_id = module.identity[0].client_id } : null
}

output "mail" {
  description = "SES: the tokens of the DKIM records, the IAM user and the host of SMTP, and the topics of bounces and complaints. null without mail_from."
  value       = var.mail_from == null ? null : { dkim = module.mail[0].dkim, smtp_user = module.mail[0].smtp_user, smtp_host = module.mail[0].smtp_host, topic_arns = module.mail[0].topic_arns }
}
