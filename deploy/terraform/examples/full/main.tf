# A site of its own in one account: network, database with a proxy, cache, pictures, mail, and Cognito if it
# is wanted.

data "aws_availability_zones" "all" {
  state = "available"
}

module "network" {
  source = "../../modules/network"
  name   = var.name
  given  = var.vpc
  cidr   = var.cidr
  zones  = var.vpc == null ? slice(sort(data.aws_availability_zones.all.names), 0, 2) : []
  nat    = var.vpc == null ? var.nat : "none"
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
  source          = "../../modules/media"
  name            = var.name
  domain          = var.media_domain
  certificate_arn = var.media_certificate_arn
  upload_origins  = var.cors_origins
  force_destroy   = !var.protect
}

locals {
  # What connects to the database and to the cache.
  clients = merge(
    { tasks = module.service.security_group_id },
    var.cognito ? { triggers = module.triggers[0].security_group_id } : {},
    local.jobs ? { jobs = module.jobs[0].security_group_id } : {},
  )
  jobs = length(var.schedules) > 0
  # Seconds. Cognito waits no longer.
  trigger_timeout  = 5
  jobs_timeout     = 300
  pool_mails       = var.mail_from != null && var.mail_url_secret_arn != null
  database_url_arn = var.given_database == null ? module.database[0].url_secret_arn : var.given_database.url_secret_arn
  database_groups = var.given_database == null ? {
    for part, id in module.database[0].security_group_ids : part => { security_group_id = id, port = 3306 }
  } : { database = { security_group_id = var.given_database.security_group_id, port = var.given_database.port } }
}

module "database" {
  source                 = "../../modules/database"
  count                  = var.given_database == null ? 1 : 0
  name                   = var.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  client_security_groups = local.clients
  instance_class         = var.database_class
  storage_gb             = var.database_storage_gb
  max_storage_gb         = var.database_max_storage_gb
  multi_az               = var.database_multi_az
  proxy                  = var.database_proxy
  time_zone              = var.database_time_zone
  backup_days            = var.database_backup_days
  deletion_protection    = var.protect
  final_snapshot         = var.protect
  secret_recovery_days   = var.protect ? 7 : 0
}

module "cache" {
  source                 = "../../modules/cache"
  count                  = var.cache_nodes > 0 ? 1 : 0
  name                   = var.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  client_security_groups = local.clients
  nodes                  = var.cache_nodes
  secret_recovery_days   = var.protect ? 7 : 0
}

module "mail" {
  source  = "../../modules/mail"
  count   = var.mail_from == null ? 0 : 1
  name    = var.name
  from    = var.mail_from
  zone_id = var.zone_id
}

# Seals the keys that the server signs its tokens with.
module "key_secret" {
  source        = "../../modules/secret"
  name          = "${var.name}/auth-key"
  description   = "AUTH_KEY_SECRET of the server."
  recovery_days = var.protect ? 7 : 0
}

# ---- Cognito, and the Lambda function that it calls. The function does not know the pool's id, which is made
# after it; the permission to call it names the pool.

module "triggers" {
  source                 = "../../modules/lambda"
  count                  = var.cognito ? 1 : 0
  name                   = "${var.name}-triggers"
  description            = "Triggers of the user pool: members move with their old passwords, and nobody takes their names."
  image                  = local.image
  architecture           = var.architecture
  memory                 = 1024 # checking a password is work
  timeout                = local.trigger_timeout
  provisioned            = var.trigger_environments
  log_days               = var.log_days
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  egress_security_groups = local.database_groups
  settings               = merge({ for name, value in var.settings : name => value if contains(["TABLE_PREFIX", "TIME_ZONE"], name) }, { COGNITO_ALIAS_POOL = "true" })
  secrets                = { DATABASE_URL = local.database_url_arn }
}

module "identity" {
  source           = "../../modules/identity"
  count            = var.cognito ? 1 : 0
  name             = var.name
  trigger_function = module.triggers[0].function
  # Once SES sends: the pool refuses an identity that is not verified yet.
  email_identity_arn  = local.pool_mails ? module.mail[0].identity_arn : null
  email_from          = local.pool_mails ? var.mail_from : null
  group_levels        = var.cognito_group_levels
  deletion_protection = var.protect
}

# ---- The jobs as a function, for a site that Lambda alone serves.

module "jobs" {
  source                 = "../../modules/lambda"
  count                  = local.jobs ? 1 : 0
  name                   = "${var.name}-jobs"
  description            = "The server's jobs and its outbox, on a schedule; thumbnails of what is uploaded."
  image                  = local.image
  architecture           = var.architecture
  memory                 = 1024
  timeout                = local.jobs_timeout
  log_days               = var.log_days
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  egress_ports           = var.mail_url_secret_arn == null ? [] : [var.mail_port]
  egress_security_groups = local.database_groups
  settings               = merge(var.settings, local.wired_settings)
  secrets                = local.secrets
  policies               = local.policies
  schedules              = var.schedules
  uploads                = var.upload_events ? { bucket_id = module.media.bucket.id, bucket_arn = module.media.bucket.arn, prefix = "incoming/" } : null
}

module "monitoring" {
  source                  = "../../modules/monitoring"
  name                    = var.name
  emails                  = var.alarm_emails
  balancer_arn_suffix     = module.balancer.arn_suffix
  target_group_arn_suffix = module.balancer.target_group_arn_suffix
  cluster                 = var.name
  service                 = var.name
  database                = var.given_database == null ? { instance_id = module.database[0].instance_id, proxy_name = module.database[0].proxy_name } : null
  cache_node_ids          = var.cache_nodes > 0 ? module.cache[0].node_ids : []
  functions = merge(
    var.cognito ? { triggers = { name = "${var.name}-triggers", timeout = local.trigger_timeout } } : {},
    local.jobs ? { jobs = { name = "${var.name}-jobs", timeout = local.jobs_timeout } } : {},
  )
  mail = var.mail_from != null
}

locals {
  image = "${module.registry.url}:${var.image_tag}"

  wired_settings = merge(
    { PUBLIC_URL = "https://${var.domain}" },
    module.media.settings,
    length(var.cors_origins) == 0 ? {} : { CORS_ORIGINS = join(",", var.cors_origins) },
    var.mail_from == null ? {} : { for name, value in module.mail[0].settings : name => value if name != "MAIL_URL" || var.mail_url_secret_arn == null },
    var.cognito ? module.identity[0].settings : null,
  )
  policies = merge({ media = module.media.task_policy }, var.mail_from == null ? {} : { mail = module.mail[0].task_policy })
  secrets = merge(
    var.secrets,
    { DATABASE_URL = local.database_url_arn, AUTH_KEY_SECRET = module.key_secret.arn },
    var.mail_url_secret_arn == null ? {} : { MAIL_URL = var.mail_url_secret_arn },
    var.cache_nodes > 0 ? { REDIS_URL = module.cache[0].url_secret_arn } : {},
  )
}

module "service" {
  source         = "../../modules/service"
  name           = var.name
  image          = local.image
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

  vpc_id       = module.network.vpc_id
  subnet_ids   = module.network.task_subnet_ids
  public_ip    = module.network.task_public_ip
  egress_ports = var.mail_url_secret_arn == null ? [] : [var.mail_port]
  egress_security_groups = merge(
    local.database_groups,
    var.cache_nodes > 0 ? { cache = { security_group_id = module.cache[0].security_group_id, port = 6379 } } : {},
  )
  balancer_cidrs             = module.network.public_cidrs
  balancer_security_group_id = module.balancer.security_group_id
  balancer_arn_suffix        = module.balancer.arn_suffix
  target_group_arn           = module.balancer.target_group_arn
  target_group_arn_suffix    = module.balancer.target_group_arn_suffix

  settings        = var.settings
  wired_settings  = local.wired_settings
  secrets         = local.secrets
  task_policies   = local.policies
  rollback_alarms = module.monitoring.rollback_alarms
  datadog         = var.datadog
}
