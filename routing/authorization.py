"""How a credential becomes headers, by `Provider.auth_kind`.

    header    the credential in `auth_header`, after `auth_scheme`
    google    the token of a service account; an API key ("AIza...") in a header of its own
    aws       ACCESS_KEY_ID:SECRET or ACCESS_KEY_ID:SECRET:SESSION_TOKEN signs each request (SigV4);
              without a colon it is an API key of Bedrock

Most headers are the same for all requests and made once; tokens expire and signatures are of one
request, so theirs are made for each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from catalog.credentials import ProviderCredential
from catalog.snapshot import Provider
from routing.google_token import GoogleTokens, TokenRefused
from routing.sigv4 import sign

_NONE = "none"
_AWS_SERVICE = "bedrock"
# bedrock-runtime.us-east-1.amazonaws.com; also bedrock-runtime-fips., and behind a VPC endpoint.
_AWS_REGION = re.compile(r"(?:^|\.)bedrock[a-z-]*\.([a-z]{2}[a-z0-9-]*-\d)\.")
_AWS_REGION_DEFAULT = "us-east-1"


class CredentialUnusable(Exception):
    """No authorization can be made of it. The words may be logged, and hold no secret."""


def fixed(provider: Provider, credential: ProviderCredential) -> dict[str, str] | None:
    """The headers, where they are the same for all requests; None where they are not."""
    secret = credential.secret
    if provider.auth_kind == "google":
        if secret.startswith("AIza"):
            return {"x-goog-api-key": secret}
        return _bearer(secret) if secret == _NONE else None
    if provider.auth_kind == "aws":
        return None if ":" in secret else _bearer(secret)
    scheme = provider.auth_scheme
    return {provider.auth_header: f"{scheme} {secret}" if scheme else secret}


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


class Authorization:
    """Makes the headers of one request where `fixed` has none; keeps tokens until they expire."""

    def __init__(self) -> None:
        self._google = GoogleTokens()

    async def made(
        self,
        provider: Provider,
        credential: ProviderCredential,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> dict[str, str]:
        """`headers` are all that is sent beside; `url` as it is sent. Raises CredentialUnusable, or
        ConnectionLost where whoever gives tokens does not answer."""
        if provider.auth_kind == "google":
            try:
                return _bearer(await self._google.get(credential.secret))
            except TokenRefused as refused:
                raise CredentialUnusable(str(refused)) from None
        access_key, secret_key, session_token = (*credential.secret.split(":", 2), "")[:3]
        return sign(
            method, url, headers, body,
            access_key=access_key, secret_key=secret_key, session_token=session_token or None,
            region=aws_region(url), service=_AWS_SERVICE, now=datetime.now(UTC),
        )  # fmt: skip


def aws_region(url: str) -> str:
    """Of the address; where it names none (a proxy, a test) of the usual variables."""
    found = _AWS_REGION.search(urlsplit(url).hostname or "")
    if found:
        return found[1]
    variables = (os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    return next(filter(None, variables), _AWS_REGION_DEFAULT)
