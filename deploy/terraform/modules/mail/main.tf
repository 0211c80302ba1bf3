# Mail through SES: the domain that it comes from, who may send it, and where bounces and complaints go.

data "aws_region" "here" {}
data "aws_caller_identity" "me" {}
data "aws_partition" "here" {}

locals {
  domain   = split("@", var.from)[1]
  sender   = { StringEquals = { "ses:FromAddress" = var.from } }
  identity = "arn:${data.aws_partition.here.partition}:ses:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:identity/${local.domain}"
  senders  = [local.identity, "arn:${data.aws_partition.here.partition}:ses:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:configuration-set/${var.name}"]
  send_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Mail", Effect = "Allow", Action = ["ses:SendEmail", "ses:SendRawEmail"], Resource = local.senders, Condition = local.sender },
    ]
  })
}

resource "aws_sesv2_configuration_set" "this" {
  configuration_set_name = var.name

  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

resource "aws_sesv2_email_identity" "this" {
  email_identity         = local.domain
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name
}

# DKIM: the mails are signed, and receivers find the keys here.
resource "aws_route53_record" "dkim" {
  count   = var.zone_id == null ? 0 : 3
  zone_id = var.zone_id
  name    = "${aws_sesv2_email_identity.this.dkim_signing_attributes[0].tokens[count.index]}._domainkey.${local.domain}"
  type    = "CNAME"
  ttl     = 1800
  records = ["${aws_sesv2_email_identity.this.dkim_signing_attributes[0].tokens[count.index]}.dkim.amazonses.com"]
}

resource "aws_sns_topic" "notices" {
  for_each = toset(["bounce", "complaint"])
  name     = "${var.name}-mail-${each.key}"

  # Signed with SHA-256.
  signature_version = 2
}

resource "aws_sns_topic_policy" "notices" {
  for_each = aws_sns_topic.notices
  arn      = each.value.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NoticesOfSES"
      Effect    = "Allow"
      Principal = { Service = "ses.amazonaws.com" }
      Action    = ["sns:Publish"]
      Resource  = [each.value.arn]
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })
}

resource "aws_sesv2_configuration_set_event_destination" "notices" {
  for_each               = aws_sns_topic.notices
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name
  event_destination_name = each.key

  event_destination {
    enabled              = true
    matching_event_types = [upper(each.key)]

    sns_destination {
      topic_arn = each.value.arn
    }
  }

  depends_on = [aws_sns_topic_policy.notices]
}

# For servers that speak SMTP, which knows no roles; those that use the API have the policy in the output task_policy. The user's key is made by hand (the README says how), so that
# it is in no state.
resource "aws_iam_user" "smtp" {
  name = "${var.name}-smtp"
}

resource "aws_iam_user_policy" "smtp" {
  name = "send"
  user = aws_iam_user.smtp.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["ses:SendRawEmail"]
      Resource  = local.senders
      Condition = local.sender
    }]
  })
}
