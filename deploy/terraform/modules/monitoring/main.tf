# Alarms of CloudWatch for what no agent is needed to see, and where they go. What each means and what to do
# about it stands under its name in docs/operations.md.

resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

data "aws_caller_identity" "me" {}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["sns:Publish"]
      Resource  = [aws_sns_topic.alarms.arn]
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = var.emails
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

locals {
  balancer = { LoadBalancer = var.balancer_arn_suffix }
  targets  = { LoadBalancer = var.balancer_arn_suffix, TargetGroup = var.target_group_arn_suffix }
  service  = { ClusterName = var.cluster, ServiceName = var.service }

  # name = metric, of what, how it is summed up, over how many minutes, and from where it is too much.
  alarms = merge(
    {
      "latency" = {
        about     = "One request in a hundred takes longer than ${var.latency_seconds} s."
        namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", dimensions = local.targets
        statistic = "p99", above = true, threshold = var.latency_seconds, minutes = 5, missing = "notBreaching"
      }
      "no-healthy-task" = {
        about     = "No task can serve."
        namespace = "AWS/ApplicationELB", metric = "HealthyHostCount", dimensions = local.targets
        statistic = "Minimum", above = false, threshold = 1, minutes = 2, missing = "breaching"
      }
      "unhealthy-task" = {
        about     = "A task cannot serve, for longer than its start takes."
        namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", dimensions = local.targets
        statistic = "Minimum", above = true, threshold = 0, minutes = 5, missing = "notBreaching"
      }
      "balancer-errors" = {
        about     = "The balancer itself answers errors: no task took the request, or one closed the connection."
        namespace = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer
        statistic = "Sum", above = true, threshold = 10, minutes = 5, missing = "notBreaching"
      }
      "service-cpu" = {
        about     = "The tasks' processors are busy, although as many tasks run as may."
        namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = local.service
        statistic = "Average", above = true, threshold = 85, minutes = 15, missing = "notBreaching"
      }
      "service-memory" = {
        about     = "The tasks use nearly all of their memory; ECS kills one that uses more."
        namespace = "AWS/ECS", metric = "MemoryUtilization", dimensions = local.service
        statistic = "Maximum", above = true, threshold = 90, minutes = 10, missing = "notBreaching"
      }
    },
    var.database == null ? {} : {
      "database-cpu" = {
        about     = "The database's processors are busy."
        namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = { DBInstanceIdentifier = var.database.instance_id }
        statistic = "Average", above = true, threshold = 85, minutes = 15, missing = "notBreaching"
      }
      "database-storage" = {
        about     = "Less than 2 GB of the database's storage are free, and RDS has not enlarged it."
        namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = { DBInstanceIdentifier = var.database.instance_id }
        statistic = "Minimum", above = false, threshold = 2 * 1024 * 1024 * 1024, minutes = 5, missing = "notBreaching"
      }
      "database-memory" = {
        about     = "Less than 100 MB of the database's memory are free."
        namespace = "AWS/RDS", metric = "FreeableMemory", dimensions = { DBInstanceIdentifier = var.database.instance_id }
        statistic = "Minimum", above = false, threshold = 100 * 1024 * 1024, minutes = 15, missing = "notBreaching"
      }
    },
    try(var.database.proxy_name, null) == null ? {} : {
      "proxy-pinned" = {
        about     = "Sessions are pinned to connections of the database, so that the proxy cannot share them."
        namespace = "AWS/RDS", metric = "DatabaseConnectionsCurrentlySessionPinned", dimensions = { ProxyName = var.database.proxy_name }
        statistic = "Average", above = true, threshold = 10, minutes = 15, missing = "notBreaching"
      }
      "proxy-wait" = {
        about     = "Requests wait for a connection to the database."
        namespace = "AWS/RDS", metric = "DatabaseConnectionsBorrowLatency", dimensions = { ProxyName = var.database.proxy_name }
        statistic = "Average", above = true, threshold = 100000, minutes = 5, missing = "notBreaching"
      }
    },
    { for id in var.cache_node_ids : "cache-${id}" => {
      about     = "The cache removes counters, since its memory is full: clients may make more requests than RATE_LIMIT says."
      namespace = "AWS/ElastiCache", metric = "Evictions", dimensions = { CacheClusterId = id }
      statistic = "Sum", above = true, threshold = 0, minutes = 15, missing = "notBreaching"
    } },
    merge([for key, function in var.functions : {
      "${key}-errors" = {
        about     = "The function ${function.name} fails."
        namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = function.name }
        statistic = "Sum", above = true, threshold = 5, minutes = 5, missing = "notBreaching"
      }
      "${key}-slow" = {
        about     = "The function ${function.name} takes more than four fifths of the ${function.timeout} s that it has."
        namespace = "AWS/Lambda", metric = "Duration", dimensions = { FunctionName = function.name }
        statistic = "p99", above = true, threshold = function.timeout * 800, minutes = 5, missing = "notBreaching"
      }
      "${key}-throttled" = {
        about     = "The function ${function.name} runs as often at once as it may."
        namespace = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = function.name }
        statistic = "Sum", above = true, threshold = 0, minutes = 5, missing = "notBreaching"
      }
    }]...),
    !var.mail ? {} : {
      "mail-bounces" = {
        about     = "More than 4 % of the mails come back; from 5 % on Amazon looks into the account, at 10 % it stops it."
        namespace = "AWS/SES", metric = "Reputation.BounceRate", dimensions = {}
        statistic = "Maximum", above = true, threshold = 0.04, minutes = 15, missing = "notBreaching"
      }
      "mail-complaints" = {
        about     = "More than 0.08 % of the mails are called spam by those who get them; from 0.1 % on Amazon looks into the account."
        namespace = "AWS/SES", metric = "Reputation.ComplaintRate", dimensions = {}
        statistic = "Maximum", above = true, threshold = 0.0008, minutes = 15, missing = "notBreaching"
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.about
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# The share of failed requests, and not their number: few of many do not matter, and a deployment is rolled
# back by it.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "More than ${var.error_percent} % of the requests fail with a status of 5xx."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.error_percent
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "percent"
    label       = "Failed requests in percent"
    expression  = "IF(requests >= 20, 100 * FILL(failed, 0) / requests, 0)"
    return_data = true
  }

  metric_query {
    id = "failed"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = local.targets
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = local.targets
      stat        = "Sum"
      period      = 60
    }
  }
}
