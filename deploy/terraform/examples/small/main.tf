# One task beside a database that exists: the least that a site needs. No cache, no NAT gateway, no Cognito.

data "aws_availability_zones" "all" {
  state = "available"
}

module "network" {
  source = "../../modules/network"
  name   = var.name
  given  = var.vpc
  cidr   = var.cidr
  zones  = var.vpc == null ? slice(sort(data.aws_availability_zones.all.names), 0, 2) : []
}

module "registry" {
  source       = "../../modules/registry"
  name         = var.name
  force_delete = !var.protect
}

module "certificate" {
  source  = "../../modules/certificate"
  count   = var.zone_id == null ? 0 : 1
  domain  = var.domain
  zone_id = var.zone_id
}

module "balancer" {
  source                 = "../../modules/balancer"
  name                   = var.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.public_subnet_ids
  task_security_group_id = module.service.security_group_id
  certificate_arn        = var.zone_id == null ? var.certificate_arn : module.certificate[0].arn
  deregistration_delay   = var.deregistration_delay
  deletion_protection    = var.protect
}

resource "aws_route53_record" "api" {
  count   = var.zone_id == null ? 0 : 1
  zone_id = var.zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = module.balancer.dns_name
    zone_id                = module.balancer.zone_id
    evaluate_target_health = false
  }
}

module "media" {
  source         = "../../modules/media"
  name           = var.name
  upload_origins = var.cors_origins
  force_destroy  = !var.protect
}

# Seals the keys that the server signs its tokens with.
module "key_secret" {
  source        = "../../modules/secret"
  name          = "${var.name}/auth-key"
  description   = "AUTH_KEY_SECRET of the server."
  recovery_days = var.protect ? 7 : 0
}

module "monitoring" {
  source                  = "../../modules/monitoring"
  name                    = var.name
  emails                  = var.alarm_emails
  balancer_arn_suffix     = module.balancer.arn_suffix
  target_group_arn_suffix = module.balancer.target_group_arn_suffix
  cluster                 = var.name
  service                 = var.name
}

module "service" {
  source         = "../../modules/service"
  name           = var.name
  image          = "${module.registry.url}:${var.image_tag}"
  repository_arn = module.registry.arn
  architecture   = var.architecture

  cpu                  = var.cpu
  memory               = var.memory
  min_tasks            = var.min_tasks
  max_tasks            = var.max_tasks
  drain_delay          = var.drain_delay
  drain_timeout        = var.drain_timeout
  deregistration_delay = var.deregistration_delay
  stop_timeout         = var.stop_timeout
  log_days             = var.log_days
  keep_revisions       = var.protect

  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.task_subnet_ids
  public_ip                  = module.network.task_public_ip
  egress_ports               = concat([var.database_port], var.mail_url_secret_arn == null ? [] : [var.mail_port])
  balancer_cidrs             = module.network.public_cidrs
  balancer_security_group_id = module.balancer.security_group_id
  balancer_arn_suffix        = module.balancer.arn_suffix
  target_group_arn           = module.balancer.target_group_arn
  target_group_arn_suffix    = module.balancer.target_group_arn_suffix

  settings = var.settings
  wired_settings = merge(
    { PUBLIC_URL = "https://${var.domain}" },
    module.media.settings,
    length(var.cors_origins) == 0 ? {} : { CORS_ORIGINS = join(",", var.cors_origins) },
    var.mail_from == null ? {} : { MAIL_FROM = var.mail_from },
  )
  secrets = merge(
    var.secrets,
    { DATABASE_URL = var.database_url_secret_arn, AUTH_KEY_SECRET = module.key_secret.arn },
    var.mail_url_secret_arn == null ? {} : { MAIL_URL = var.mail_url_secret_arn },
  )
  migrate_secrets = var.migrate_database_url_secret_arn == null ? {} : { DATABASE_URL = var.migrate_database_url_secret_arn }
  task_policies   = { media = module.media.task_policy }
  rollback_alarms = module.monitoring.rollback_alarms
  datadog         = var.datadog
}
