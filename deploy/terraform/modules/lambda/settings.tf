# The names of the program's settings, as in the module service: .env.example is generated from the program's
# source.

locals {
  documented = { for pair in regexall("# ([^\n]*)\n# ([A-Z][A-Z0-9_]*)=", file("${path.module}/../../../../.env.example")) : pair[1] => pair[0] }
  secret     = [for name, meaning in local.documented : name if endswith(meaning, " Secret.")]
}
