# moto 5.2.1 makes a replication group, but not the nodes of it that Terraform then asks for; and it cannot
# delete a group of subnets of the cache.
resource "aws_elasticache_replication_group" "this" {
  count             = 0
  subnet_group_name = "none"
}

resource "aws_elasticache_subnet_group" "this" {
  count = 0
}

resource "aws_secretsmanager_secret_version" "url" {
  secret_string_wo = "rediss://cache.invalid:6379/0"
}
