# The dashboard, the monitors and the service level objectives in Datadog, of the figures that the server sends itself. It
# is a configuration of its own beside ../terraform, since it needs other credentials: DD_API_KEY and DD_APP_KEY.
#
#   terraform init && terraform apply -var environment=production -var 'notify=@ops@example.jp'

locals {
  filters  = { env = var.environment, service = var.service }
  scope    = "env:${var.environment},service:${var.service}"
  monitors = jsondecode(templatefile("${path.module}/monitors.json", local.filters))

  # How many times faster than allowed the errors of 30 days are used up: 2 % of them within an hour, 5 % within six hours.
  burns = {
    fast = { rate = 14.4, long = "1h", short = "5m", priority = 1 }
    slow = { rate = 6, long = "6h", short = "30m", priority = 2 }
  }
  objectives = {
    availability = {
      name   = "Requests that the server can answer"
      target = var.availability
      good   = "count:q2ab.request.duration{${local.scope},!status:5*}.as_count()"
      all    = "count:q2ab.request.duration{${local.scope}}.as_count()"
    }
    latency = {
      name   = "Requests answered within ${var.latency_seconds} s"
      target = var.latency_share
      good   = "count(v: v<=${var.latency_seconds}):q2ab.request.duration{${local.scope}}.as_count()"
      all    = "count:q2ab.request.duration{${local.scope}}.as_count()"
    }
  }
}

resource "datadog_dashboard_json" "this" {
  dashboard = file("${path.module}/dashboard.json")
}

# Percentiles of distributions have to be asked for by metric.
resource "datadog_metric_tag_configuration" "requests" {
  metric_name         = "q2ab.request.duration"
  metric_type         = "distribution"
  include_percentiles = true
  tags                = ["env", "service", "version", "operation", "status"]
}

resource "datadog_monitor_json" "this" {
  for_each = local.monitors
  monitor  = jsonencode(merge(each.value, { message = "${each.value.message} ${var.notify}" }))
}

resource "datadog_service_level_objective" "this" {
  for_each = local.objectives
  name     = "${each.value.name} (${var.environment})"
  type     = "metric"
  tags     = ["env:${var.environment}", "service:${var.service}"]

  query {
    numerator   = each.value.good
    denominator = each.value.all
  }
  thresholds {
    timeframe = "30d"
    target    = each.value.target
  }
}

resource "datadog_monitor" "burn" {
  for_each = merge([
    for objective in keys(local.objectives) : {
      for speed, burn in local.burns : "${objective}-${speed}" => merge(burn, { objective = objective })
    }
  ]...)
  name     = "Errors are used up too fast: ${each.key} (${var.environment})"
  type     = "slo alert"
  priority = each.value.priority
  message  = "Runbook: docs/runbook.md#burn ${var.notify}"
  query = join("", [
    "burn_rate(\"${datadog_service_level_objective.this[each.value.objective].id}\")",
    ".over(\"30d\").long_window(\"${each.value.long}\").short_window(\"${each.value.short}\") > ${each.value.rate}",
  ])
  monitor_thresholds {
    critical = each.value.rate
  }
  tags = ["env:${var.environment}", "service:${var.service}"]
}
