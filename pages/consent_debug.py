"""`/auth/debug`: builds a link to the consent page and shows what is right and wrong with it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from accounts import app_requests, challenges
from accounts.challenges import Method
from openrouter_site.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, whether it is right, and what is to be said of it."""

    subject: str
    state: str  # ok, warn or bad
    text: str


def example() -> tuple[str, str]:
    """A verifier and its challenge by S256, as an app would make them."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def link(base_url: str, fields: Mapping[str, str]) -> str:
    """The address of the consent page for what was filled in."""
    return f"{base_url}/auth?{urlencode({name: value for name, value in fields.items() if value})}"


def checks(fields: Mapping[str, str]) -> list[Check]:
    """In the order in which the consent page would meet them."""
    return [
        _checked("callback_url", lambda: _callback(fields)),
        _checked("code_challenge", lambda: _challenge(fields)),
        _checked("key", lambda: _terms(fields)),
        _state(fields),
    ]


def _checked(subject: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except BadRequest as error:
        return Check((error.metadata or {}).get("field", subject), "bad", error.message)


def _callback(fields: Mapping[str, str]) -> Check:
    found = app_requests.read_callback(fields.get("callback_url"))
    if found is None:
        return Check(
            "callback_url", "warn", "There is none: the user copies the code into your program."
        )
    where = "a program on the user's machine" if found.is_loopback else f"the app {found.host}"
    return Check("callback_url", "ok", f"The code goes to {where}.")


def _challenge(fields: Mapping[str, str]) -> Check:
    found = challenges.read(
        fields.get("code_challenge"), fields.get("code_challenge_method"), only_s256=False
    )
    if found.method == Method.S256:
        return Check("code_challenge", "ok", "S256: nobody can use the code without the verifier.")
    if found.method == Method.PLAIN:
        text = "plain: whoever sees the link knows the verifier. Use S256."
        return Check("code_challenge", "warn", text)
    text = "There is none: whoever gets hold of the code can use it. Send one, by S256."
    return Check("code_challenge", "bad", text)


def _terms(fields: Mapping[str, str]) -> Check:
    proposed = app_requests.read_terms(fields)
    said = "with a limit" if proposed.limit_nano is not None else "without a limit of yours"
    return Check("key", "ok", f"A key called {proposed.label!r}, {said}. The user may change it.")


def _state(fields: Mapping[str, str]) -> Check:
    if fields.get("state"):
        return Check("state", "ok", "It comes back unchanged. Compare it with what you sent.")
    text = "There is none. With one your app knows that the answer belongs to its own question."
    return Check("state", "warn", text)
