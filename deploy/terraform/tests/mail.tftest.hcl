mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name    = "q2ab"
  from    = "noreply@example.com"
  zone_id = "Z0123456789ABC"
}

run "bounces_are_heard" {
  module {
    source = "./modules/mail"
  }

  # A mocked provider makes no tokens of DKIM. The plan of the example "full" has the records.
  variables {
    zone_id = null
  }

  assert {
    condition     = { for kind, d in aws_sesv2_configuration_set_event_destination.notices : kind => one(d.event_destination[0].matching_event_types) } == { bounce = "BOUNCE", complaint = "COMPLAINT" }
    error_message = "Bounces and complaints have to go to their topics."
  }

  assert {
    condition     = aws_sesv2_email_identity.this.email_identity == "example.com" && aws_sesv2_email_identity.this.configuration_set_name == "q2ab" && aws_sesv2_configuration_set.this.delivery_options[0].tls_policy == "REQUIRE"
    error_message = "Every mail of the domain has to go through the configuration set."
  }

  assert {
    condition     = jsondecode(aws_iam_user_policy.smtp.policy).Statement[0].Action == ["ses:SendRawEmail"] && jsondecode(aws_iam_user_policy.smtp.policy).Statement[0].Condition.StringEquals["ses:FromAddress"] == "noreply@example.com"
    error_message = "The SMTP user may only send, and only from one address."
  }
}

run "the_server_sends_by_the_api" {
  module {
    source = "./modules/mail"
  }

  variables {
    zone_id = null
  }

  assert {
    condition     = startswith(output.settings.MAIL_URL, "ses:?region=") && endswith(output.settings.MAIL_URL, "&configuration-set=q2ab") && length(split(",", output.settings.MAIL_SNS_TOPICS)) == 2
    error_message = "The server has to know the configuration set and both topics."
  }

  assert {
    condition     = jsondecode(output.task_policy).Statement[0].Condition.StringEquals["ses:FromAddress"] == "noreply@example.com"
    error_message = "The server may only send from one address."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/mail"
  }

  variables {
    name    = "Q2AB"
    from    = "example.com"
    zone_id = "example.com"
  }

  expect_failures = [
    var.name,
    var.from,
    var.zone_id,
  ]
}
