# A Cognito user pool into which the members of a Question2Answer site move one at a time, as docs/cognito.md
# says.

data "aws_region" "here" {}

resource "aws_cognito_user_pool" "this" {
  name                = var.name
  deletion_protection = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  # Question2Answer takes the handle or the address at sign-in. Only a pool with aliases does the same: users
  # have a username, and may sign in by their handle (preferred_username) and their confirmed address. This
  # cannot be changed later.
  alias_attributes         = ["email", "preferred_username"]
  auto_verified_attributes = ["email"]

  username_configuration {
    case_sensitive = false
  }

  # The user's number in qa_users, which the migration trigger gives. No app client may write it.
  schema {
    name                     = "q2a_id"
    attribute_data_type      = "String"
    mutable                  = true
    developer_only_attribute = false

    string_attribute_constraints {
      min_length = 1
      max_length = 20
    }
  }

  # It holds for new passwords; old ones come along as they are.
  password_policy {
    minimum_length                   = var.password_length
    require_lowercase                = false
    require_uppercase                = false
    require_numbers                  = false
    require_symbols                  = false
    temporary_password_validity_days = 7
  }

  mfa_configuration = "OPTIONAL"

  software_token_mfa_configuration {
    enabled = true
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  admin_create_user_config {
    allow_admin_create_user_only = false
  }

  # Cognito's own sender is good for 50 mails a day.
  email_configuration {
    email_sending_account = var.email_identity_arn == null ? "COGNITO_DEFAULT" : "DEVELOPER"
    source_arn            = var.email_identity_arn
    from_email_address    = var.email_from
  }

  # Of the same function: it brings people over with their old passwords, and keeps others from taking their
  # names.
  lambda_config {
    user_migration = var.trigger_function.arn
    pre_sign_up    = var.trigger_function.arn
  }

}

resource "aws_lambda_permission" "triggers" {
  statement_id  = "user-pool"
  action        = "lambda:InvokeFunction"
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = aws_cognito_user_pool.this.arn
  function_name = var.trigger_function.name
  qualifier     = var.trigger_function.alias
}

resource "aws_cognito_user_pool_client" "site" {
  name         = "${var.name}-site"
  user_pool_id = aws_cognito_user_pool.this.id

  # A page in a browser can keep no secret.
  generate_secret = false
  # The first sign-in of somebody who moves needs the password itself (USER_PASSWORD_AUTH).
  explicit_auth_flows           = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  access_token_validity  = 15
  id_token_validity      = 15
  refresh_token_validity = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  read_attributes  = ["email", "email_verified", "preferred_username", "custom:q2a_id"]
  write_attributes = ["email", "preferred_username"]
}

# Groups whose members have levels of Question2Answer (COGNITO_GROUP_LEVELS).
resource "aws_cognito_user_group" "this" {
  for_each     = var.group_levels
  name         = each.key
  description  = "Level ${each.value} of Question2Answer"
  user_pool_id = aws_cognito_user_pool.this.id
}
