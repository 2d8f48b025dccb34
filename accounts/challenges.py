"""Proof Key for Code Exchange (RFC 7636): the challenge of an app, and the verifier that meets it.

Of either method the SHA-256 of the verifier is all we keep, so a copy of the database proves
nothing. Challenges come as base64url or base64, padded or not. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from accounts.auth_code_row import AuthCode
from openrouter_site.errors import BadRequest

Method = AuthCode.Method
CHARACTERS_MAX = 256
METHODS = (Method.S256.value, Method.PLAIN.value)
_SHA256_BYTES = 32
# A plus sign that nobody escaped arrives as a space.
_AS_BASE64 = str.maketrans("-_ ", "+/+")


@dataclass(frozen=True, slots=True)
class Challenge:
    """`digest` is the SHA-256 (hex) of the verifier that is asked for; "" when none is."""

    method: str = Method.NONE.value
    digest: str = ""

    def is_met_by(self, verifier: str) -> bool:
        """No verifier where one is asked for is wrong, and so is one where none is asked for."""
        if not self.digest or not verifier:
            return not self.digest and not verifier
        return hmac.compare_digest(sha256(verifier), self.digest)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def read(challenge: Any, method: Any, *, only_s256: bool) -> Challenge:
    """The challenge of a request for a code; a method that is not named is plain (RFC 7636, 4.3).

    Raises BadRequest. `only_s256`: nothing weaker is taken.
    """
    method = read_method(method)
    if challenge in (None, ""):
        if method:
            raise _wrong("code_challenge", "is missing, but code_challenge_method was sent.")
        if only_s256:
            raise _wrong("code_challenge", "is missing. This server asks for one, by S256.")
        return Challenge()
    method = method or Method.PLAIN.value
    if only_s256 and method != Method.S256:
        raise _wrong("code_challenge_method", "must be S256 on this server.")
    if not isinstance(challenge, str) or len(challenge) > CHARACTERS_MAX:
        raise _wrong("code_challenge", f"must be a text of at most {CHARACTERS_MAX} characters.")
    if method == Method.PLAIN:
        if not challenge.isprintable():
            raise _wrong("code_challenge", "must be printable characters.")
        return Challenge(method, sha256(challenge))
    return Challenge(method, _sha256_of_base64(challenge))


def read_method(method: Any) -> str:
    """ "" when it is not there; raises BadRequest for what is no method."""
    if method in (None, ""):
        return ""
    if method not in METHODS:
        raise _wrong_method(f"use {' or '.join(METHODS)}.")
    return str(method)


def check_method(sent: str, known: str) -> None:
    """What the exchange names must be what the code was asked for with; raises BadRequest."""
    if sent and sent != known:
        asked = known or "no challenge"
        raise _wrong_method(f"the code was asked for with {asked}.")


def _sha256_of_base64(challenge: str) -> str:
    text = challenge.translate(_AS_BASE64).rstrip("=")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _SHA256_BYTES:
        raise _wrong(
            "code_challenge",
            "is not the base64url encoding of a SHA-256: 43 characters, made from its 32 bytes"
            " (not from their hex digits).",
        )
    return raw.hex()


def _wrong(name: str, text: str) -> BadRequest:
    return BadRequest(f"{name} {text}", {"field": name})


def _wrong_method(text: str) -> BadRequest:
    name = "code_challenge_method"
    return BadRequest(f"Invalid {name}: {text}", {"field": name})
