# moto 5.2.1 makes a replication group, but not the nodes of it that Terraform then asks for.
resource "aws_elasticache_replication_group" "this" {
  count = 0
}

resource "aws_secretsmanager_secret_version" "url" {
  secret_string_wo = "rediss://cache.invalid:6379/0"
}
