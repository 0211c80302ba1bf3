mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                    = "q2ab"
  balancer_arn_suffix     = "app/q2ab/0123456789abcdef"
  target_group_arn_suffix = "targetgroup/q2ab/0123456789abcdef"
  cluster                 = "q2ab"
  service                 = "q2ab"
  database                = { instance_id = "q2ab", proxy_name = "q2ab" }
  cache_node_ids          = ["q2ab-001"]
  functions               = { triggers = { name = "q2ab-triggers", timeout = 5 } }
  mail                    = true
}

run "alarms_reach_people" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.this : a.alarm_actions == toset([aws_sns_topic.alarms.arn]) && a.ok_actions == toset([aws_sns_topic.alarms.arn])]) && aws_cloudwatch_metric_alarm.errors.alarm_actions == toset([aws_sns_topic.alarms.arn])
    error_message = "An alarm goes nowhere."
  }

  assert {
    condition     = output.rollback_alarms == ["q2ab-errors", "q2ab-latency"]
    error_message = "Deployments are rolled back by errors and latency."
  }

  # Or a deployment would be rolled back because nobody is there.
  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.treat_missing_data == "notBreaching" && aws_cloudwatch_metric_alarm.this["latency"].treat_missing_data == "notBreaching"
    error_message = "No requests are no errors."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["balancer-errors", "cache-q2ab-001", "database-cpu", "database-memory", "database-storage", "latency", "mail-bounces", "mail-complaints", "no-healthy-task", "proxy-pinned", "proxy-wait", "service-cpu", "service-memory", "triggers-errors", "triggers-slow", "triggers-throttled", "unhealthy-task"])
    error_message = "The alarms are not those that docs/operations.md explains."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    name                    = "Q2AB"
    emails                  = ["example.com"]
    balancer_arn_suffix     = "q2ab"
    target_group_arn_suffix = "q2ab"
    latency_seconds         = 20
    error_percent           = 0
  }

  expect_failures = [
    var.name,
    var.emails,
    var.balancer_arn_suffix,
    var.target_group_arn_suffix,
    var.latency_seconds,
    var.error_percent,
  ]
}
