mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name           = "q2ab"
  upload_origins = ["https://example.com"]
}

run "private" {
  module {
    source = "./modules/media"
  }

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy, aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets])
    error_message = "The bucket is not private."
  }

  assert {
    condition     = one([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Condition.StringEquals["aws:SourceArn"] if s.Effect == "Allow"]) == aws_cloudfront_distribution.this.arn
    error_message = "Only this distribution may read."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Effect == "Deny" && can(regex("/incoming/\\*$", s.Resource[0])) && can(regex("/exports/\\*$", s.Resource[1]))])
    error_message = "What nobody has looked at, and copies of members' data, must not be public."
  }

  assert {
    condition     = anytrue([for r in aws_s3_bucket_lifecycle_configuration.this.rule : r.filter[0].prefix == "incoming/" && try(r.expiration[0].days, 0) == 1])
    error_message = "What clients never came back for has to be removed."
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods == toset(["PUT"]) && one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://example.com"])
    error_message = "Only the site's pages may upload."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.this.signing_behavior == "always" && aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "CloudFront has to sign its requests, and to serve over HTTPS."
  }

  assert {
    condition     = output.settings.MEDIA_URL == "s3://${aws_s3_bucket.this.id}?region=ap-northeast-1" && output.settings.MEDIA_CDN_URL == "https://d1.cloudfront.net"
    error_message = "The server's settings are wrong."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/media"
  }

  variables {
    name              = "Q2AB"
    domain            = "https://media.example.com"
    certificate_arn   = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    upload_origins    = ["*"]
    keep_deleted_days = 0
    price_class       = "cheap"
  }

  expect_failures = [
    var.name,
    var.domain,
    var.upload_origins,
    var.keep_deleted_days,
    var.price_class,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./modules/media"
  }

  variables {
    domain = "media.example.com"
  }

  expect_failures = [
    var.certificate_arn,
  ]
}

run "refuses_3" {
  command = plan

  module {
    source = "./modules/media"
  }

  variables {
    domain          = "media.example.com"
    certificate_arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"
  }

  expect_failures = [
    var.certificate_arn,
  ]
}
