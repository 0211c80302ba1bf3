output "settings" {
  description = "Settings of the server that follow. MAIL_URL needs task_policy; leave it out where the server has one for SMTP."
  value = {
    MAIL_FROM       = var.from
    MAIL_URL        = "ses:?region=${data.aws_region.here.name}&configuration-set=${aws_sesv2_configuration_set.this.configuration_set_name}"
    MAIL_SNS_TOPICS = join(",", [for topic in aws_sns_topic.notices : topic.arn])
  }
}

output "task_policy" {
  description = "What the server may do to send mails by the API of SES, in JSON."
  value       = local.send_policy
}

output "identity_arn" {
  description = "ARN of the identity, for Cognito's mails."
  value       = aws_sesv2_email_identity.this.arn
}

output "dkim" {
  description = "Tokens of the DKIM records: TOKEN._domainkey.DOMAIN is a CNAME of TOKEN.dkim.amazonses.com."
  value       = try(aws_sesv2_email_identity.this.dkim_signing_attributes[0].tokens, [])
}

output "smtp_user" {
  description = "IAM user whose key is made into the SMTP password."
  value       = aws_iam_user.smtp.name
}

output "smtp_host" {
  description = "Host of SES's SMTP, with its port."
  value       = "email-smtp.${data.aws_region.here.name}.amazonaws.com:587"
}

output "topic_arns" {
  description = "Topics of bounces and complaints."
  value       = { for kind, topic in aws_sns_topic.notices : kind => topic.arn }
}
