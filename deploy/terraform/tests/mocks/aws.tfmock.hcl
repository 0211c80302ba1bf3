# What a mocked provider answers where a made-up text would not do, since the value's form is checked.

mock_data "aws_region" {
  defaults = { name = "ap-northeast-1" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_availability_zones" {
  defaults = { names = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"] }
}

mock_data "aws_vpc" {
  defaults = { id = "vpc-00000000000000001" }
}

mock_data "aws_subnet" {
  defaults = { vpc_id = "vpc-00000000000000001", cidr_block = "10.0.1.0/24" }
}

mock_resource "aws_vpc" {
  defaults = { id = "vpc-00000000000000001" }
}

mock_resource "aws_security_group" {
  defaults = { id = "sg-00000000000000001" }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/q2ab/0123456789abcdef"
    arn_suffix = "app/q2ab/0123456789abcdef"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/q2ab/0123456789abcdef"
    arn_suffix = "targetgroup/q2ab/0123456789abcdef"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
    domain_validation_options = [{
      domain_name = "api.example.com", resource_record_name = "_a.api.example.com.", resource_record_type = "CNAME", resource_record_value = "_b.acm-validations.aws."
    }]
  }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:ap-northeast-1:123456789012:repository/q2ab"
    repository_url = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/q2ab"
  }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/q2ab" }
}

mock_resource "aws_ecs_cluster" {
  defaults = { arn = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/q2ab" }
}

mock_resource "aws_ecs_task_definition" {
  defaults = { arn = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/q2ab:1" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:q2ab" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:ap-northeast-1:123456789012:q2ab" }
}

mock_resource "aws_sqs_queue" {
  defaults = { arn = "arn:aws:sqs:ap-northeast-1:123456789012:q2ab" }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:q2ab/x-AbCdEf" }
}

mock_resource "aws_secretsmanager_secret_version" {
  defaults = { arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:q2ab/x-AbCdEf" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::q2ab-media", bucket_regional_domain_name = "q2ab-media.s3.ap-northeast-1.amazonaws.com" }
}

mock_resource "aws_cloudfront_distribution" {
  defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1", domain_name = "d1.cloudfront.net" }
}

mock_resource "aws_cognito_user_pool" {
  defaults = { arn = "arn:aws:cognito-idp:ap-northeast-1:123456789012:userpool/ap-northeast-1_A", id = "ap-northeast-1_A" }
}

mock_resource "aws_lambda_function" {
  defaults = { arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:q2ab-triggers", version = "1" }
}

mock_resource "aws_lambda_alias" {
  defaults = { arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:q2ab-triggers:live" }
}

mock_resource "aws_sesv2_email_identity" {
  defaults = {
    arn                     = "arn:aws:ses:ap-northeast-1:123456789012:identity/example.com"
    dkim_signing_attributes = [{ tokens = ["a", "b", "c"] }]
  }
}

mock_resource "aws_db_proxy" {
  defaults = { endpoint = "q2ab.proxy-x.ap-northeast-1.rds.amazonaws.com" }
}

mock_resource "aws_db_instance" {
  defaults = { address = "q2ab.x.ap-northeast-1.rds.amazonaws.com" }
}
