"""Who asks Bedrock: AWS's Signature Version 4, or an API key as a bearer token.

The signature is computed again by AWS's recipe ("Create a signed AWS API request") where we know
the secret, and looked at for its shape where we do not.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from calendar import timegm
from collections.abc import Mapping
from urllib.parse import quote

from simulator.errors import Refused

SERVICE = "bedrock"
_CLOCK_SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<access>[\w+=,.@-]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/aws4_request,\s*SignedHeaders=(?P<names>[a-z0-9;-]+)"
    r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def authorize(path: str, headers: Mapping[str, str], raw: bytes, key: str | None) -> None:
    """`path` is percent-encoded as it was sent, `key` is ACCESS:SECRET or an API key."""
    given = headers.get("authorization", "")
    if not given:
        raise _refused("MissingAuthenticationToken", "Missing Authentication Token")
    scheme, _, bearer = given.partition(" ")
    if scheme.lower() == "bearer":
        if not bearer.strip() or key is not None and bearer.strip() != key:
            message = "Authentication failed: Please make sure your API Key is valid."
            raise _refused("AccessDenied", message)
        return
    found = _AUTHORIZATION.fullmatch(given)
    if found is None:
        message = "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'."
        raise _refused("IncompleteSignature", message)
    _check_scope(found, headers)
    access, _, secret = (key or "").partition(":")
    if key is not None and found["access"] != access:
        message = "The security token included in the request is invalid."
        raise _refused("UnrecognizedClient", message)
    if key is not None and found["signature"] != _signature(found, path, headers, raw, secret):
        raise _refused(
            "InvalidSignature",
            "The request signature we calculated does not match the signature you provided. Check"
            " your AWS Secret Access Key and signing method. Consult the service documentation for"
            " details.",
        )


def _refused(name: str, message: str) -> Refused:
    return Refused(403, message, kind=f"{name}Exception")


def _check_scope(found: re.Match[str], headers: Mapping[str, str]) -> None:
    date = headers.get("x-amz-date", "")
    try:
        signed_at = timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        message = (
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
        raise _refused("IncompleteSignature", message) from None
    if found["service"] != SERVICE:
        message = f"Credential should be scoped to correct service: '{SERVICE}'."
        raise _refused("InvalidSignature", message)
    if found["day"] != date[:8]:
        message = f"Date in Credential scope does not match YYYYMMDD from ISO-8601: {date}"
        raise _refused("InvalidSignature", message)
    if abs(time.time() - signed_at) > _CLOCK_SKEW_SECONDS:
        raise _refused("InvalidSignature", f"Signature expired: {date} is too far from now.")
    names = found["names"].split(";")
    needed = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if missing := sorted(needed - set(names)):
        message = f"'{missing[0]}' must be a 'SignedHeader' in the AWS Authorization."
        raise _refused("InvalidSignature", message)


def _signature(
    found: re.Match[str], path: str, headers: Mapping[str, str], raw: bytes, secret: str
) -> str:
    names = found["names"].split(";")
    canonical = "\n".join(
        [
            "POST",
            # Encoded twice, as all services but S3 have it.
            quote(path, safe="/~"),
            "",
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in names),
            "",
            found["names"],
            hashlib.sha256(raw).hexdigest(),
        ]
    )
    scope = [found["day"], found["region"], found["service"], "aws4_request"]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join(scope), digest])
    key = b"AWS4" + secret.encode()
    for part in (*scope, text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()
