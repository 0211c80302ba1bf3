# A random secret, which Secrets Manager draws. It is in no plan and in no state.

ephemeral "aws_secretsmanager_random_password" "value" {
  password_length     = 48
  exclude_punctuation = true # it can then stand in an address as it is
}

resource "aws_secretsmanager_secret" "this" {
  name                    = var.name
  description             = var.description
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.value.random_password
  secret_string_wo_version = var.generation
}
