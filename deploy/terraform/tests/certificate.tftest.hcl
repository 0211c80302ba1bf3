mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  domain  = "api.example.com"
  zone_id = "Z0123456789ABC"
}

run "proven" {
  module {
    source = "./modules/certificate"
  }

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS" && aws_route53_record.proof.name == "_a.api.example.com."
    error_message = "The record that proves the name is missing."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/certificate"
  }

  variables {
    domain  = "https://api.example.com"
    zone_id = "example.com"
  }

  expect_failures = [
    var.domain,
    var.zone_id,
  ]
}
