"""Google's OAuth endpoint for service accounts: a signed JWT for an access token (RFC 7523).

We have no public keys, so a signature is only looked at; the claims are checked as Google does.
"""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import parse_qs

import orjson

from simulator.dialect import Call, Document
from simulator.ids import new_id

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME_S = 3600
# Clocks differ.
_SKEW_S = 300
# RS256 with the shortest key that anybody still signs with.
_SIGNATURE_BYTES_MIN = 128


class _Refused(Exception):
    def __init__(self, error: str, description: str) -> None:
        self.body = {"error": error, "error_description": description}
        super().__init__(error)


def grant(call: Call) -> Document:
    """The token is the key this simulator demands, or any token where it demands none."""
    form = parse_qs(call.raw.decode("latin-1"))
    try:
        if form.get("grant_type") != [_GRANT]:
            raise _Refused("unsupported_grant_type", "Invalid grant_type")
        _check(form.get("assertion", [""])[0])
    except _Refused as refused:
        return Document(refused.body, status=400)
    token = call.key if call.key is not None else new_id("ya29.{alnum64}")
    return Document({"access_token": token, "expires_in": _LIFETIME_S - 1, "token_type": "Bearer"})


def _check(assertion: str) -> None:
    parts = assertion.split(".")
    if len(parts) != 3:
        raise _Refused("invalid_grant", "Invalid JWT: Wrong number of segments.")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "RS256" or len(_bytes(parts[2])) < _SIGNATURE_BYTES_MIN:
        raise _Refused("invalid_grant", "Invalid JWT Signature.")
    issuer, audience = claims.get("iss"), claims.get("aud")
    if not isinstance(issuer, str) or "@" not in issuer:
        raise _Refused("invalid_grant", "Invalid grant: account not found")
    if not isinstance(audience, str) or not audience.endswith("/token"):
        raise _Refused("invalid_grant", "Invalid JWT: Failed audience check.")
    if "/auth/cloud-platform" not in str(claims.get("scope")):
        raise _Refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    _check_times(claims)


def _check_times(claims: dict[str, Any]) -> None:
    begin, end, now = claims.get("iat"), claims.get("exp"), time.time()
    if not (isinstance(begin, int) and isinstance(end, int)):
        raise _Refused("invalid_grant", "Invalid JWT: iat and exp must be numbers.")
    if end < now - _SKEW_S or begin > now + _SKEW_S or end - begin > _LIFETIME_S + _SKEW_S:
        raise _Refused(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable"
            " timeframe. Check your iat and exp values in the JWT claim.",
        )


def _bytes(segment: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise _Refused("invalid_grant", "Invalid JWT: not base64url.") from None


def _json(segment: str) -> dict[str, Any]:
    try:
        found = orjson.loads(_bytes(segment))
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _Refused("invalid_grant", "Invalid JWT: a segment is not a JSON object.")
    return found
