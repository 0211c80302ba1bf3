mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                   = "q2ab"
  vpc_id                 = "vpc-00000000000000001"
  subnet_ids             = ["subnet-1", "subnet-2"]
  task_security_group_id = "sg-00000000000000002"
  certificate_arn        = "arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
}

run "https_only" {
  module {
    source = "./modules/balancer"
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "HTTP may only redirect."
  }

  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && strcontains(aws_lb_listener.https.ssl_policy, "TLS13")
    error_message = "HTTPS with TLS 1.2 and 1.3 was expected."
  }

  assert {
    condition     = aws_lb_target_group.tasks.health_check[0].path == "/readyz" && aws_lb_target_group.tasks.deregistration_delay == "30"
    error_message = "The balancer has to ask /readyz."
  }

  assert {
    condition     = aws_lb.this.idle_timeout >= 2 * 15 && aws_lb.this.idle_timeout < 75
    error_message = "Event streams send a line every 15 s; the server closes unused connections after 75 s."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && !aws_lb.this.enable_xff_client_port && aws_lb.this.enable_deletion_protection
    error_message = "Malformed headers have to be dropped, and X-Forwarded-For has to have no ports."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : contains([80, 443], rule.from_port) && rule.from_port == rule.to_port])
    error_message = "Only the ports 80 and 443 may be open."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/balancer"
  }

  variables {
    name                   = "Q2AB"
    vpc_id                 = "default"
    subnet_ids             = ["subnet-1"]
    task_security_group_id = "tasks"
    port                   = 80
    certificate_arn        = "api.example.com"
    client_cidrs           = ["everybody"]
    idle_timeout           = 75
    deregistration_delay   = -1
    unhealthy_after        = 25
  }

  expect_failures = [
    var.name,
    var.vpc_id,
    var.subnet_ids,
    var.task_security_group_id,
    var.port,
    var.certificate_arn,
    var.client_cidrs,
    var.idle_timeout,
    var.deregistration_delay,
    var.unhealthy_after,
  ]
}
