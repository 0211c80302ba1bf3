mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name  = "q2ab"
  zones = ["ap-northeast-1a", "ap-northeast-1c"]
}

run "zones_and_ways_out" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(output.public_subnet_ids) == 2 && output.task_public_ip && length(aws_nat_gateway.this) == 0
    error_message = "By default a VPC with two public subnets for the tasks and no NAT gateway was expected."
  }

  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block]))) == 4
    error_message = "Subnets overlap."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_vpc_endpoint.s3[0].policy).Statement : !contains(s.Resource, "*") || try(s.Condition.StringEquals["aws:ResourceAccount"], "") == "123456789012"])
    error_message = "The endpoint of S3 leads to buckets of other accounts."
  }

  assert {
    condition     = length(aws_default_security_group.closed[0].ingress) == 0 && length(aws_default_security_group.closed[0].egress) == 0
    error_message = "The default security group lets something through."
  }
}

run "with_one_nat" {
  module {
    source = "./modules/network"
  }

  variables {
    nat = "one"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 2 && !output.task_public_ip
    error_message = "One NAT gateway for both private subnets was expected, and tasks without public addresses."
  }
}

run "given" {
  module {
    source = "./modules/network"
  }

  variables {
    given = { vpc_id = "vpc-00000000000000001", public_subnet_ids = ["subnet-1", "subnet-2"], private_subnet_ids = [] }
    zones = []
  }

  assert {
    condition     = output.vpc_id == "vpc-00000000000000001" && length(aws_vpc.this) == 0 && length(aws_subnet.public) == 0 && output.task_public_ip
    error_message = "Nothing is to be made in a given VPC."
  }
}

# ---- What is refused, each by the name of its variable.

run "refuses_1" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    name  = "Q2AB"
    given = { vpc_id = "vpc-00000000000000001", public_subnet_ids = ["subnet-1"], private_subnet_ids = [] }
    zones = []
    cidr  = "10.0.0.0/24"
  }

  expect_failures = [
    var.name,
    var.given,
    var.cidr,
  ]
}

run "refuses_2" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    zones = ["ap-northeast-1a"]
    nat   = "two"
  }

  expect_failures = [
    var.zones,
    var.nat,
  ]
}

run "refuses_3" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    given = { vpc_id = "vpc-00000000000000001", public_subnet_ids = ["subnet-1", "subnet-2"], private_subnet_ids = [] }
  }

  expect_failures = [
    var.zones,
  ]
}

run "refuses_4" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    given = { vpc_id = "vpc-00000000000000001", public_subnet_ids = ["subnet-1", "subnet-2"], private_subnet_ids = [] }
    zones = []
    nat   = "one"
  }

  expect_failures = [
    var.nat,
  ]
}
