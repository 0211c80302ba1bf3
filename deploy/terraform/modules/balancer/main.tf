# The Application Load Balancer, which is all of the service that the internet reaches.

resource "aws_security_group" "this" {
  name        = "${var.name}-balancer"
  description = "The load balancer."
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-balancer" }
}

# Port 80 only redirects.
resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each          = { for pair in setproduct([80, 443], var.client_cidrs) : "${pair[0]} ${pair[1]}" => { port = pair[0], cidr = pair[1] } }
  security_group_id = aws_security_group.this.id
  description       = each.value.port == 443 ? "HTTPS" : "HTTP, which is redirected to HTTPS"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  security_group_id            = aws_security_group.this.id
  description                  = "Requests to the tasks"
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  referenced_security_group_id = var.task_security_group_id
}

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  subnets            = var.subnet_ids
  security_groups    = [aws_security_group.this.id]

  # Event streams send a line every 15 seconds. The server keeps unused connections for 75, which has to be
  # longer than this, or it would close one on which the balancer is just sending a request.
  idle_timeout = var.idle_timeout
  # The client's address alone is appended to X-Forwarded-For, without its port.
  xff_header_processing_mode                  = "append"
  enable_xff_client_port                      = false
  drop_invalid_header_fields                  = true
  desync_mitigation_mode                      = "defensive"
  enable_deletion_protection                  = var.deletion_protection
  enable_http2                                = true
  preserve_host_header                        = true
  enable_waf_fail_open                        = false
  client_keep_alive                           = 3600
  enable_tls_version_and_cipher_suite_headers = false
}

resource "aws_lb_target_group" "tasks" {
  name        = var.name
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.port

  deregistration_delay          = var.deregistration_delay
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = var.unhealthy_after / 10
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tasks.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}
