"""Ids that pages make (crypto.getRandomValues), and those that we make ourselves."""

from __future__ import annotations

import re
import secrets
import string

_LETTERS = string.ascii_letters + string.digits
_CHARACTERS = 22
_SHAPES = {
    kind: re.compile(rf"{kind}-[A-Za-z0-9]{{{_CHARACTERS}}}") for kind in ("msg", "chat", "file")
}
_PANE = re.compile(r"[A-Za-z0-9_-]{1,8}")


def is_id(kind: str, text: object) -> bool:
    """Whether it is one of a `msg`, `chat` or `file`."""
    return isinstance(text, str) and _SHAPES[kind].fullmatch(text) is not None


def is_pane(text: object) -> bool:
    return isinstance(text, str) and _PANE.fullmatch(text) is not None


def new(kind: str) -> str:
    return f"{kind}-{''.join(secrets.choice(_LETTERS) for _ in range(_CHARACTERS))}"
