# The image as a Lambda function, started by its name /lambda. Callers use the alias, which points to one
# version.

data "aws_caller_identity" "me" {}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_days
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "The function ${var.name}."
  vpc_id      = var.vpc_id
  tags        = { Name = var.name }
}

resource "aws_vpc_security_group_egress_rule" "out" {
  for_each          = { for port in setunion([443], var.egress_ports) : tostring(port) => port }
  security_group_id = aws_security_group.this.id
  description       = "Port ${each.key} of anybody"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "parts" {
  for_each                     = var.egress_security_groups
  security_group_id            = aws_security_group.this.id
  description                  = "To ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.security_group_id
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn
  package_type  = "Image"
  image_uri     = var.image
  architectures = [var.architecture]
  memory_size   = var.memory
  timeout       = var.timeout
  publish       = true # each change is a version, which the alias can be set back to

  reserved_concurrent_executions = var.concurrency

  image_config {
    entry_point = ["/lambda"]
  }

  environment {
    variables = merge(
      var.settings,
      {
        MIGRATE_ON_START     = "false"
        DATABASE_CONNECTIONS = "2" # a function serves one event at a time
        DATA_DIR             = "/tmp"
      },
      # Lambda cannot give secrets to a program as ECS can. The program fetches them itself when it starts.
      { SECRET_ARNS = join(",", [for name, arn in var.secrets : "${name}=${arn}"]) },
    )
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }

  logging_config {
    log_format = "Text" # the program's own lines, which are JSON
    log_group  = aws_cloudwatch_log_group.this.name
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that is in use."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

# Environments that are kept started, so that nobody waits for a start.
resource "aws_lambda_provisioned_concurrency_config" "live" {
  count                             = var.provisioned > 0 ? 1 : 0
  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.provisioned
}

# ---- What it may do.

resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "run"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Sid = "Log", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] },
        # Lambda makes the function's network interfaces in its name; they have no names beforehand.
        { Sid = "Network", Effect = "Allow", Action = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"], Resource = ["*"] },
      ],
      length(var.secrets) == 0 ? [] : [
        { Sid = "Secrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = values(var.secrets) },
      ],
      length(aws_sqs_queue.failed) == 0 ? [] : [
        { Sid = "Failed", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = aws_sqs_queue.failed[*].arn },
      ],
    )
  })
}

resource "aws_iam_role_policy" "parts" {
  for_each = var.policies
  name     = each.key
  role     = aws_iam_role.this.id
  policy   = each.value
}
