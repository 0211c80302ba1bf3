# MySQL 8.4 on RDS, which nobody outside the VPC reaches; before it an RDS Proxy that shares its connections
# among the tasks; and the secret with the server's DATABASE_URL. The password is in no plan and in no state.

locals {
  port = 3306
  # The proxy has a certificate of a public authority. The instance's own is signed by Amazon's private one,
  # which the image does not know: that connection is encrypted, inside the VPC, but the server is not
  # verified.
  host = var.proxy ? aws_db_proxy.this[0].endpoint : aws_db_instance.this.address
  tls  = var.proxy ? "true" : "skip-verify"
}

# ---- The password: drawn once, kept in a secret, and read from there, so that an interrupted run goes on with
# the same.

ephemeral "aws_secretsmanager_random_password" "drawn" {
  password_length     = 40
  exclude_punctuation = true # it is part of an address
}

resource "aws_secretsmanager_secret" "login" {
  name                    = "${var.name}/database-login"
  description             = "Login of the database's owner, in the form that RDS Proxy reads."
  recovery_window_in_days = var.secret_recovery_days
}

resource "aws_secretsmanager_secret_version" "login" {
  secret_id = aws_secretsmanager_secret.login.id
  secret_string_wo = jsonencode({
    username = var.username
    password = ephemeral.aws_secretsmanager_random_password.drawn.random_password
  })
  secret_string_wo_version = var.password_generation
}

ephemeral "aws_secretsmanager_secret_version" "login" {
  secret_id = aws_secretsmanager_secret_version.login.secret_id
}

locals {
  login = jsondecode(ephemeral.aws_secretsmanager_secret_version.login.secret_string)
}

resource "aws_secretsmanager_secret" "url" {
  name                    = "${var.name}/database-url"
  description             = "DATABASE_URL of the server."
  recovery_window_in_days = var.secret_recovery_days
}

resource "aws_secretsmanager_secret_version" "url" {
  secret_id                = aws_secretsmanager_secret.url.id
  secret_string_wo         = "mysql://${local.login.username}:${local.login.password}@${local.host}:${local.port}/${var.database}?tls=${local.tls}"
  secret_string_wo_version = var.password_generation * 2 + (var.proxy ? 1 : 0)
}

# ---- The instance.

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Private subnets of the database."
  subnet_ids  = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.name}-mysql84"
  family      = "mysql8.4"
  description = "What the server and the old site expect of MySQL."

  # Question2Answer stores its server's local times, and no session may set its own zone: that would pin
  # connections.
  parameter {
    name  = "time_zone"
    value = var.time_zone
  }
  # The level that the server asks for before each transaction. As every session has it anyway, that statement
  # changes nothing, and the proxy may let it pass without pinning.
  parameter {
    name  = "transaction_isolation"
    value = "READ-COMMITTED"
  }
  parameter {
    name  = "character_set_server"
    value = "utf8mb4"
  }
  parameter {
    name  = "require_secure_transport"
    value = "1"
  }
  # Whole rows in the binary log, for whoever follows it. READ COMMITTED needs the format ROW too.
  parameter {
    name  = "binlog_format"
    value = "ROW"
  }
  parameter {
    name  = "binlog_row_image"
    value = "full"
  }
  parameter {
    name  = "slow_query_log"
    value = "1"
  }
  parameter {
    name  = "long_query_time"
    value = "1"
  }
  parameter {
    name  = "log_output"
    value = "FILE"
  }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "mysql"
  engine_version = "8.4"
  instance_class = var.instance_class

  storage_type          = "gp3"
  storage_encrypted     = true
  allocated_storage     = var.storage_gb
  max_allocated_storage = var.max_storage_gb

  db_name             = var.database
  username            = var.username
  password_wo         = local.login.password
  password_wo_version = var.password_generation

  db_subnet_group_name   = aws_db_subnet_group.this.name
  parameter_group_name   = aws_db_parameter_group.this.name
  vpc_security_group_ids = [aws_security_group.instance.id]
  publicly_accessible    = false
  multi_az               = var.multi_az

  # Backups have to be on, since the binary log is written only then.
  backup_retention_period  = var.backup_days
  backup_window            = "18:00-18:30"
  maintenance_window       = "sun:19:00-sun:20:00"
  copy_tags_to_snapshot    = true
  delete_automated_backups = false

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["error", "slowquery"]

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.final_snapshot
  final_snapshot_identifier = var.final_snapshot ? "${var.name}-final" : null
}

# ---- Who reaches what: clients the proxy, the proxy the instance, and clients the instance too (for the binary
# log, and for the old site). Nothing goes out of either but to the instance.

resource "aws_security_group" "instance" {
  name        = "${var.name}-database"
  description = "The database."
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "instance" {
  for_each                     = merge(var.client_security_groups, var.proxy ? { proxy = aws_security_group.proxy[0].id } : {})
  security_group_id            = aws_security_group.instance.id
  description                  = "MySQL from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = each.value
}

resource "aws_security_group" "proxy" {
  count       = var.proxy ? 1 : 0
  name        = "${var.name}-database-proxy"
  description = "The proxy before the database."
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-database-proxy" }
}

resource "aws_vpc_security_group_ingress_rule" "proxy" {
  for_each                     = var.proxy ? var.client_security_groups : {}
  security_group_id            = aws_security_group.proxy[0].id
  description                  = "MySQL from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = each.value
}

resource "aws_vpc_security_group_egress_rule" "proxy" {
  count                        = var.proxy ? 1 : 0
  security_group_id            = aws_security_group.proxy[0].id
  description                  = "MySQL to the database"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.instance.id
}
