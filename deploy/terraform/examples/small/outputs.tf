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
