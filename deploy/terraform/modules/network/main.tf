# A VPC with a public and a private subnet in each zone, or one that is given. The balancer is in the public
# subnets and the database in the private ones. Tasks are in the private ones where there is a NAT gateway,
# else in the public ones.

locals {
  given = var.given != null
  made  = local.given ? {} : { for i, zone in var.zones : zone => i }
  nats = local.given ? {} : {
    none     = {}
    one      = { (var.zones[0]) = var.zones[0] }
    per_zone = { for zone in var.zones : zone => zone }
  }[var.nat]
}

data "aws_vpc" "given" {
  count = local.given ? 1 : 0
  id    = var.given.vpc_id
}

# By position, since the ids may be those of subnets that are made in the same run.
data "aws_subnet" "given" {
  count = local.given ? length(var.given.public_subnet_ids) : 0
  id    = var.given.public_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.given.vpc_id
      error_message = "given.public_subnet_ids: ${self.id} is not in the VPC ${var.given.vpc_id}."
    }
  }
}

resource "aws_vpc" "this" {
  count                = local.given ? 0 : 1
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# Whatever is put into the default group by mistake can talk to nothing.
resource "aws_default_security_group" "closed" {
  count  = local.given ? 0 : 1
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = "${var.name}-unused" }
}

resource "aws_internet_gateway" "this" {
  count  = local.given ? 0 : 1
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each          = local.made
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, each.value)
  tags              = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each          = local.made
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, 8 + each.value)
  tags              = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "public" {
  count  = local.given ? 0 : 1
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = "${var.name}-public" }
}

resource "aws_route" "out" {
  count                  = local.given ? 0 : 1
  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table" "private" {
  for_each = local.made
  vpc_id   = aws_vpc.this[0].id
  tags     = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_eip" "nat" {
  for_each = local.nats
  domain   = "vpc"
  tags     = { Name = "${var.name}-nat-${each.key}" }
}

resource "aws_nat_gateway" "this" {
  for_each      = local.nats
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = { Name = "${var.name}-${each.key}" }
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route" "nat" {
  for_each               = var.nat == "none" ? {} : local.made
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = try(aws_nat_gateway.this[each.key], aws_nat_gateway.this[var.zones[0]]).id
}

# Without it images and pictures would go through the NAT gateway, which costs by the byte. It costs nothing. What
# goes this way goes to this account's buckets, or comes from those of Amazon that hold the layers of ECR's images
# and the packages of CloudShell; nobody can carry data off to a bucket of another account.
resource "aws_vpc_endpoint" "s3" {
  count             = local.given ? 0 : 1
  vpc_id            = aws_vpc.this[0].id
  service_name      = "com.amazonaws.${data.aws_region.here.name}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat([aws_route_table.public[0].id], [for t in aws_route_table.private : t.id])
  tags              = { Name = "${var.name}-s3" }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnBuckets"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:ResourceAccount" = data.aws_caller_identity.me.account_id } }
      },
      {
        Sid       = "ImagesAndPackages"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:GetObject"]
        Resource = [
          "arn:${data.aws_partition.here.partition}:s3:::prod-${data.aws_region.here.name}-starport-layer-bucket/*",
          "arn:${data.aws_partition.here.partition}:s3:::al2023-repos-${data.aws_region.here.name}-*/*",
        ]
      },
    ]
  })
}

data "aws_region" "here" {}
data "aws_partition" "here" {}
data "aws_caller_identity" "me" {}
