# moto 5.2.1 knows no provisioned concurrency.
resource "aws_lambda_provisioned_concurrency_config" "live" {
  count = 0
}
