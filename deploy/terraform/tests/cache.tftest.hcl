mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                   = "q2ab"
  vpc_id                 = "vpc-00000000000000001"
  subnet_ids             = ["subnet-1", "subnet-2"]
  client_security_groups = { tasks = "sg-00000000000000002" }
}

run "private" {
  module {
    source = "./modules/cache"
  }

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.at_rest_encryption_enabled
    error_message = "The cache has to be encrypted."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.from_port == 6379])
    error_message = "Only security groups may reach the cache."
  }

  assert {
    condition     = !aws_elasticache_replication_group.this.automatic_failover_enabled && output.node_ids == ["q2ab-001"]
    error_message = "One node cannot fail over."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/cache"
  }

  variables {
    name                 = "Q2AB"
    vpc_id               = "default"
    subnet_ids           = []
    node_type            = "t4g.micro"
    nodes                = 4
    secret_recovery_days = 3
  }

  expect_failures = [
    var.name,
    var.vpc_id,
    var.subnet_ids,
    var.node_type,
    var.nodes,
    var.secret_recovery_days,
  ]
}
