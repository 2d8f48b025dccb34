"""What an app asks for when it sends a user to /auth, or its server calls POST /auth/keys/code.

One reading for both (openrouter-today, section 3): values of a query are texts, those of a body
JSON. What we do not know is ignored, as OpenRouter's clients send more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import callbacks, challenges, key_values
from accounts.callbacks import Callback
from accounts.challenges import Challenge
from accounts.key_values import wrong

LABEL_CHARACTERS_MAX = 100
PERIODS = ("daily", "weekly", "monthly")
#: Whose code is shown to be copied, because he has no address to send it to.
HEADLESS = "headless"
_STATE_CHARACTERS_MAX = 1024
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """Of the key that is wanted. `limit_nano` None: no limit, or none proposed."""

    label: str
    limit_nano: int | None = None
    period: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppRequest:
    """`callback` None: the code is shown to the user, who copies it."""

    callback: Callback | None
    challenge: Challenge
    proposed: KeyTerms
    state: str

    @property
    def origin(self) -> str:
        return self.callback.origin if self.callback else HEADLESS


def read(fields: Mapping[str, Any]) -> AppRequest:
    """Raises BadRequest naming the field, `callback_url` first of all."""
    callback = read_callback(fields.get("callback_url"))
    challenge = challenges.read(
        fields.get("code_challenge"),
        fields.get("code_challenge_method"),
        only_s256=settings.REQUIRE_PKCE_S256,
    )
    if callback is None and not challenge.digest:
        raise wrong("code_challenge", "is needed where there is no callback_url.")
    state = fields.get("state")
    if state is not None and (not isinstance(state, str) or len(state) > _STATE_CHARACTERS_MAX):
        raise wrong("state", f"must be a text of at most {_STATE_CHARACTERS_MAX} characters.")
    return AppRequest(callback, challenge, read_terms(fields, callback), state or "")


def read_callback(url: Any) -> Callback | None:
    """Raises BadRequest."""
    if url in (None, ""):
        return None
    if not isinstance(url, str):
        raise wrong("callback_url", "must be a text.")
    try:
        return callbacks.parse(url)
    except callbacks.BadCallback as error:
        raise wrong("callback_url", f"cannot be used. {error}") from None


def read_terms(fields: Mapping[str, Any], callback: Callback | None = None) -> KeyTerms:
    """What the app proposes of the key; raises BadRequest."""
    label = fields.get("key_label")
    if label in (None, ""):
        label = (callback.host if callback else "Copied code")[:LABEL_CHARACTERS_MAX]
    limit = fields.get("limit")
    if isinstance(limit, str):
        limit = Decimal(limit) if _NUMBER.fullmatch(limit) else limit or None
    terms = KeyTerms(
        label=key_values.line(label, "key_label", LABEL_CHARACTERS_MAX),
        limit_nano=key_values.limit(limit, "limit"),
        period=fields.get("usage_limit_type") or "",
        expires_at=key_values.moment(fields.get("expires_at") or None, "expires_at"),
    )
    check(terms)
    return terms


def check(terms: KeyTerms) -> None:
    """Raises BadRequest for terms that make no sense."""
    if terms.period and terms.period not in PERIODS:
        raise wrong("usage_limit_type", f"must be one of {', '.join(PERIODS)}, or left away.")
    if terms.period and terms.limit_nano is None:
        raise wrong("limit", "is missing: usage_limit_type says when it counts anew.")
    if terms.expires_at is not None and terms.expires_at <= timezone.now():
        raise wrong("expires_at", "is over. Give a time to come, or leave it away.")
