"""Reads an access key's id and its secret, a line each, and prints the MAIL_URL of SES in the region of the argument.

SES takes as SMTP password a key that is derived from the secret, by the steps of Amazon's signatures (version 4).
"""

import base64
import hashlib
import hmac
import sys
import urllib.parse

region = sys.argv[1]
user, secret = sys.stdin.read().split()
key = ("AWS4" + secret).encode()
for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
password = base64.b64encode(b"\x04" + key).decode()
quoted = urllib.parse.quote(password, safe="")
print(f"smtp://{user}:{quoted}@email-smtp.{region}.amazonaws.com:587?tls=required", end="")
