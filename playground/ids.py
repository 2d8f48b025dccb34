"""Ids: a word for what it is, and 22 random letters and digits, made by the page or here.

The page makes those of chats, messages and votes (crypto.getRandomValues) before it sends them, so
that whatever it repeats happens once.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Any

from openrouter_site.errors import BadRequest

_LETTERS = string.ascii_letters + string.digits
_CHARACTERS = 22
_SHAPES = {
    kind: re.compile(rf"{kind}-[A-Za-z0-9]{{{_CHARACTERS}}}")
    for kind in ("msg", "chat", "file", "vote")
}
_PANE = re.compile(r"[A-Za-z0-9_-]{1,8}")


def is_id(kind: str, text: object) -> bool:
    """Whether it is one of a `msg`, `chat`, `file` or `vote`. Any other text names nothing, and
    need not be looked for: no database has to bear it."""
    return isinstance(text, str) and _SHAPES[kind].fullmatch(text) is not None


def is_pane(text: object) -> bool:
    return isinstance(text, str) and _PANE.fullmatch(text) is not None


def new(kind: str) -> str:
    return f"{kind}-{''.join(secrets.choice(_LETTERS) for _ in range(_CHARACTERS))}"


def checked(kind: str, value: Any, field: str) -> str:
    """Raises BadRequest."""
    if not is_id(kind, value):
        raise BadRequest(
            f'{field} must be "{kind}-" and {_CHARACTERS} letters or digits', {"field": field}
        )
    return str(value)
