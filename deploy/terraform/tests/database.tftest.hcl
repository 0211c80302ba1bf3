# Mocked providers have no ephemeral resources, which secrets come from, so these tests are planned on moto:
# AWS_ENDPOINT_URL has to lead there, as in .ci/terraform.
provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

variables {
  name                   = "q2ab"
  vpc_id                 = "vpc-00000000000000001"
  subnet_ids             = ["subnet-1", "subnet-2"]
  client_security_groups = { tasks = "sg-00000000000000002" }
}

run "private" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted && aws_db_instance.this.deletion_protection
    error_message = "The database has to be private, encrypted, and protected against deletion."
  }

  assert {
    condition     = alltrue([for rule in concat(values(aws_vpc_security_group_ingress_rule.instance), values(aws_vpc_security_group_ingress_rule.proxy)) : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.from_port == 3306 && rule.to_port == 3306])
    error_message = "Only security groups may reach the database, and no networks."
  }

  assert {
    condition     = aws_db_instance.this.engine == "mysql" && startswith(aws_db_instance.this.engine_version, "8.4") && aws_db_instance.this.backup_retention_period >= 1
    error_message = "MySQL 8.4 with backups was expected."
  }

  assert {
    condition     = aws_db_instance.this.password == null && aws_secretsmanager_secret_version.url.secret_string == null && aws_secretsmanager_secret_version.login.secret_string == null
    error_message = "The password would be in the state."
  }
}

run "without_pinning" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_proxy_default_target_group.this[0].connection_pool_config[0].session_pinning_filters == toset(["EXCLUDE_VARIABLE_SETS"])
    error_message = "SET TRANSACTION would pin every connection."
  }

  # What makes that filter safe.
  assert {
    condition     = one([for p in aws_db_parameter_group.this.parameter : p.value if p.name == "transaction_isolation"]) == "READ-COMMITTED"
    error_message = "Every session has to have the level that the server asks for."
  }

  assert {
    condition     = one([for p in aws_db_parameter_group.this.parameter : p.value if p.name == "binlog_format"]) == "ROW"
    error_message = "Whoever follows the binary log needs rows."
  }

  assert {
    condition     = aws_db_proxy.this[0].require_tls && !aws_db_proxy.this[0].debug_logging && aws_db_proxy.this[0].idle_client_timeout > 900
    error_message = "The proxy has to insist on TLS, to log no statements, and to outlast the server's own connections."
  }
}

run "without_a_proxy" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    proxy = false
  }

  assert {
    condition     = length(aws_db_proxy.this) == 0 && output.proxy_name == null && keys(output.security_group_ids) == ["database"]
    error_message = "No proxy was asked for."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    name                   = "Q2AB"
    vpc_id                 = "default"
    subnet_ids             = ["subnet-1"]
    client_security_groups = { proxy = "sg-00000000000000002" }
    instance_class         = "t4g.small"
    storage_gb             = 5
    database               = "Q2A"
    username               = "admin"
    password_generation    = 0.5
    time_zone              = "JST"
    backup_days            = 0
    secret_recovery_days   = 3
  }

  expect_failures = [
    var.name,
    var.vpc_id,
    var.subnet_ids,
    var.client_security_groups,
    var.instance_class,
    var.storage_gb,
    var.database,
    var.username,
    var.password_generation,
    var.time_zone,
    var.backup_days,
    var.secret_recovery_days,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    max_storage_gb = 20
  }

  expect_failures = [
    var.max_storage_gb,
  ]
}
