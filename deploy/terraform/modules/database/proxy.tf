# RDS Proxy shares few connections to MySQL among many of the tasks, and hides a failover from them. It can do
# so only while a session carries no state from one transaction to the next: else it is pinned, which means
# that a client keeps its connection to MySQL to the end of the session.

resource "aws_iam_role" "proxy" {
  count = var.proxy ? 1 : 0
  name  = "${var.name}-database-proxy"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "rds.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "proxy" {
  count = var.proxy ? 1 : 0
  name  = "read-login"
  role  = aws_iam_role.proxy[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = [aws_secretsmanager_secret.login.arn]
    }]
  })
}

resource "aws_db_proxy" "this" {
  count                  = var.proxy ? 1 : 0
  name                   = var.name
  engine_family          = "MYSQL"
  role_arn               = aws_iam_role.proxy[0].arn
  vpc_subnet_ids         = var.subnet_ids
  vpc_security_group_ids = [aws_security_group.proxy[0].id]
  require_tls            = true
  # The server drops its connections after 15 minutes, before the proxy does.
  idle_client_timeout = 1800
  # It would log statements with what people write.
  debug_logging = false

  auth {
    auth_scheme               = "SECRETS"
    iam_auth                  = "DISABLED"
    client_password_auth_type = "MYSQL_CACHING_SHA2_PASSWORD"
    secret_arn                = aws_secretsmanager_secret.login.arn
  }

  depends_on = [aws_iam_role_policy.proxy, aws_secretsmanager_secret_version.login]
}

resource "aws_db_proxy_default_target_group" "this" {
  count         = var.proxy ? 1 : 0
  db_proxy_name = aws_db_proxy.this[0].name

  connection_pool_config {
    max_connections_percent      = 90 # the rest is for the old site, jobs by hand, and whoever follows the binary log
    max_idle_connections_percent = 50
    connection_borrow_timeout    = 10 # below the server's REQUEST_TIMEOUT, so that it can still say what is wrong

    # The only filter that there is. The server prepares nothing (values are put into the statements), uses no
    # variables, temporary tables or GET_LOCK, and sends one kind of SET: `SET TRANSACTION ISOLATION LEVEL
    # READ COMMITTED` before each transaction. With the filter that pins nothing; and if the proxy then begins
    # the transaction on another connection, it is the same, since the parameter group gives every session
    # that level.
    session_pinning_filters = ["EXCLUDE_VARIABLE_SETS"]
  }
}

resource "aws_db_proxy_target" "this" {
  count                  = var.proxy ? 1 : 0
  db_proxy_name          = aws_db_proxy.this[0].name
  target_group_name      = aws_db_proxy_default_target_group.this[0].name
  db_instance_identifier = aws_db_instance.this.identifier
}
