output "settings" {
  description = "Settings of the server that follow."
  value = merge(
    {
      COGNITO_ISSUER     = "https://cognito-idp.${data.aws_region.here.name}.amazonaws.com/${aws_cognito_user_pool.this.id}"
      COGNITO_CLIENT_IDS = aws_cognito_user_pool_client.site.id
      COGNITO_ALIAS_POOL = "true"
    },
    length(var.group_levels) == 0 ? {} : {
      COGNITO_GROUP_LEVELS = join(",", [for group, level in var.group_levels : "${group}:${level}"])
    },
  )
}

output "pool_id" {
  description = "Id of the user pool."
  value       = aws_cognito_user_pool.this.id
}

output "client_id" {
  description = "Id of the app client of the site."
  value       = aws_cognito_user_pool_client.site.id
}
