output "settings" {
  description = "Settings of the server that follow."
  value = {
    MEDIA_URL     = "s3://${aws_s3_bucket.this.id}?region=${data.aws_region.here.name}"
    MEDIA_CDN_URL = "https://${coalesce(var.domain, aws_cloudfront_distribution.this.domain_name)}"
  }
}

output "task_policy" {
  description = "What the server may do with the bucket, in JSON."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Files", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource = ["${aws_s3_bucket.this.arn}/*"] },
      # Without it a missing file is "forbidden".
      { Sid = "List", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.this.arn] },
    ]
  })
}

output "bucket" {
  description = "Name and ARN of the bucket."
  value       = { id = aws_s3_bucket.this.id, arn = aws_s3_bucket.this.arn }
}

output "cdn_domain" {
  description = "CloudFront's name, which a name of your own has to point to."
  value       = aws_cloudfront_distribution.this.domain_name
}
