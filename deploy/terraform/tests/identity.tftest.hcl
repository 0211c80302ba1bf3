mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name = "q2ab"
  trigger_function = {
    name = "q2ab-triggers", alias = "live", arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:q2ab-triggers:live"
  }
  group_levels = { moderators = "moderator" }
}

run "handle_or_address" {
  module {
    source = "./modules/identity"
  }

  assert {
    condition     = aws_cognito_user_pool.this.alias_attributes == toset(["email", "preferred_username"]) && output.settings.COGNITO_ALIAS_POOL == "true" && !aws_cognito_user_pool.this.username_configuration[0].case_sensitive
    error_message = "People sign in by handle or address, in any case of letters."
  }

  assert {
    condition     = one(aws_cognito_user_pool.this.schema).name == "q2a_id" && !contains(aws_cognito_user_pool_client.site.write_attributes, "custom:q2a_id")
    error_message = "No app client may write custom:q2a_id."
  }

  assert {
    condition     = aws_cognito_user_pool.this.lambda_config[0].user_migration == var.trigger_function.arn && aws_cognito_user_pool.this.lambda_config[0].pre_sign_up == var.trigger_function.arn
    error_message = "The triggers are missing."
  }

  assert {
    condition     = aws_lambda_permission.triggers.source_arn == aws_cognito_user_pool.this.arn && aws_lambda_permission.triggers.qualifier == "live"
    error_message = "Only this pool may call the function."
  }

  assert {
    condition     = contains(aws_cognito_user_pool_client.site.explicit_auth_flows, "ALLOW_USER_PASSWORD_AUTH") && aws_cognito_user_pool_client.site.prevent_user_existence_errors == "ENABLED"
    error_message = "Who moves needs USER_PASSWORD_AUTH, and nobody may learn who has an account."
  }

  assert {
    condition     = output.settings.COGNITO_GROUP_LEVELS == "moderators:moderator" && aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "The groups' levels, or the protection of the accounts, are missing."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    name               = "Q2AB"
    trigger_function   = { name = "q2ab-triggers", alias = "live", arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:q2ab-triggers" }
    email_identity_arn = "example.com"
    email_from         = "a@example.com"
    group_levels       = { staff = "boss" }
    password_length    = 6
  }

  expect_failures = [
    var.name,
    var.trigger_function,
    var.email_identity_arn,
    var.group_levels,
    var.password_length,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    email_from   = "a@example.com"
    group_levels = { "the staff" = "editor" }
  }

  expect_failures = [
    var.email_from,
    var.group_levels,
  ]
}
