mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name = "q2ab"
}

run "images_stay" {
  module {
    source = "./modules/registry"
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Tags have to be immutable, and images scanned."
  }

  assert {
    condition     = length(jsondecode(aws_ecr_lifecycle_policy.this.policy).rules) == 2 && !aws_ecr_repository.this.force_delete
    error_message = "Old images have to be removed, and those in use kept."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/registry"
  }

  variables {
    name        = "Q2AB"
    keep_images = 1
  }

  expect_failures = [
    var.name,
    var.keep_images,
  ]
}
