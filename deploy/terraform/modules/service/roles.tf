# Who may do what. ECS fetches the image and the secrets of a task in the name of its execution role (pull);
# the program itself has the task role, with the policies that other modules hand over (the bucket), and can
# read no secret.

data "aws_caller_identity" "me" {}

locals {
  assume = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })

  # What each execution role may read, and where its containers may log to.
  pull = {
    server = {
      secrets = concat(values(var.secrets), local.datadog ? [var.datadog.api_key_secret_arn] : [])
      group   = local.datadog ? "sidecars" : "server"
    }
    migrate = {
      secrets = values(merge(var.secrets, var.migrate_secrets))
      group   = "migrate"
    }
  }
}

resource "aws_iam_role" "pull" {
  for_each           = local.pull
  name               = "${var.name}-${each.key}-pull"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "pull" {
  for_each = local.pull
  name     = "pull"
  role     = aws_iam_role.pull[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      var.repository_arn == null ? [] : [
        { Sid = "Login", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }, # it knows no resources
        { Sid = "Image", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = [var.repository_arn] },
      ],
      [
        { Sid = "Log", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this[each.value.group].arn}:*"] },
        { Sid = "Secrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = each.value.secrets },
      ],
      length(var.secret_kms_key_arns) == 0 ? [] : [
        { Sid = "Keys", Effect = "Allow", Action = ["kms:Decrypt"], Resource = var.secret_kms_key_arns },
      ],
    )
  })
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "task" {
  for_each = var.task_policies
  name     = each.key
  role     = aws_iam_role.task.id
  policy   = each.value
}
