"""Access tokens of Google's service accounts: an hour long, for the account's key.

The exchange (a signed JWT for a token, RFC 7523) is google-auth's, which blocks: it runs in a
thread. Whoever asks meanwhile waits for the same answer. Nothing here is logged, and no error
says more than why Google refused.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from routing.connection import ConnectionLost

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_TIMEOUT_S = 10
# A token is renewed so long before its end that no request begun with it outlives it.
_MARGIN_S = 300.0
_LIFETIME_S = 3600.0
# RFC 6749, 5.2: invalid_grant and the like. Anything longer could hold what was sent.
_REASON = re.compile(r"\b(?:invalid|unauthorized|unsupported)_[a-z_]{4,24}\b")


class TokenRefused(ConnectionLost):
    """It is about this credential: another one may get a token."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    expires_s: float


class GoogleTokens:
    """The tokens of one event loop, by credential."""

    def __init__(self) -> None:
        self._tokens: dict[bytes, _Token] = {}
        self._pending: dict[bytes, asyncio.Task[_Token]] = {}

    async def get(self, credential: str) -> str:
        """A token for `credential`, the path of a service account's JSON file or the JSON itself.

        Raises ConnectionLost, TokenRefused where the credential is at fault.
        """
        key = hashlib.sha256(credential.encode()).digest()
        token = self._tokens.get(key)
        if token is not None and time.monotonic() < token.expires_s - _MARGIN_S:
            return token.value
        task = self._pending.get(key)
        if task is None:
            task = self._pending[key] = asyncio.create_task(self._renew(key, credential))
            # If nobody is left to hear of a failure, it is not a mistake of ours.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            # One who gives up waiting takes nothing from the others.
            return (await asyncio.shield(task)).value
        except ConnectionLost:
            if token is not None and time.monotonic() < token.expires_s:
                return token.value
            raise

    async def _renew(self, key: bytes, credential: str) -> _Token:
        try:
            token = self._tokens[key] = await asyncio.to_thread(_exchanged, credential)
            return token
        finally:
            del self._pending[key]


def _exchanged(credential: str) -> _Token:
    try:
        text = credential if credential.lstrip().startswith("{") else Path(credential).read_text()
        account = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            json.loads(text), scopes=_SCOPES
        )
    except (OSError, ValueError, TypeError, GoogleAuthError):
        # The library's own words name fields and could quote them.
        raise TokenRefused("the Google service account cannot be read", untouched=True) from None
    try:
        with requests.Session() as session:
            request = functools.partial(Request(session), timeout=_TIMEOUT_S)
            account.refresh(request)
    except GoogleAuthError as error:
        found = _REASON.search(str(error))
        reason = found.group() if found else type(error).__name__
        kind = TokenRefused if found else ConnectionLost
        raise kind(f"no token from Google: {reason}", untouched=True) from None
    except (TypeError, ValueError):
        # A private key of another kind than RSA cannot sign what Google asks for.
        raise TokenRefused("the Google service account cannot sign", untouched=True) from None
    return _Token(str(account.token), time.monotonic() + _lifetime_s(account.expiry))


def _lifetime_s(expiry: datetime.datetime | None) -> float:
    """google-auth gives the end in UTC without saying so."""
    if expiry is None:
        return _LIFETIME_S
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    return (expiry - now).total_seconds()
