# moto 5.2.1 describes a configuration set of SES v2 in another form than Amazon, and knows no destinations of
# its events.
resource "aws_sesv2_configuration_set" "this" {
  count = 0
}

resource "aws_sesv2_email_identity" "this" {
  configuration_set_name = null
}

resource "aws_sesv2_configuration_set_event_destination" "notices" {
  for_each               = {}
  configuration_set_name = "none"
}

# moto 5.2.1 makes no tokens of DKIM.
resource "aws_route53_record" "dkim" {
  count = 0
}
