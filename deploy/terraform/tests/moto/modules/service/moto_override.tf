# moto 5.2.1 cannot say which tags a scalable target has. The policies are as many as there are targets.
resource "aws_appautoscaling_target" "tasks" {
  count = 0
}
