# The server's settings. Their names are those that the program documents: .env.example is generated from its
# source, so a name that the program does not know, or a secret in a plain setting, is refused before anything
# is made.

locals {
  documented = { for pair in regexall("# ([^\n]*)\n# ([A-Z][A-Z0-9_]*)=", file("${path.module}/../../../../.env.example")) : pair[1] => pair[0] }
  secret     = [for name, meaning in local.documented : name if endswith(meaning, " Secret.")]

  # What follows from this module's other variables.
  own = merge(
    {
      MIGRATE_ON_START = "false" # the task "migrate" does that
      DRAIN_DELAY      = "${var.drain_delay}s"
      DRAIN_TIMEOUT    = "${var.drain_timeout}s"
      TRUSTED_PROXIES  = join(",", var.balancer_cidrs)
    },
    local.datadog ? {
      DD_AGENT_HOST = "127.0.0.1" # the containers of a task share their network
      DD_SERVICE    = var.name
      DD_ENV        = var.datadog.environment
      DD_VERSION    = local.version
    } : {},
  )
  # The image has LISTEN and DATA_DIR.
  taken = concat(keys(local.own), ["LISTEN", "DATA_DIR", "DD_ENABLED", "DD_TRACE_AGENT_URL"])

  environment = merge(var.settings, var.wired_settings, local.own)
}
