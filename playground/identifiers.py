"""Ids: a word for what it is, and 22 random letters and digits, made by the page or here.

The page makes those of chats, messages and votes before it sends them, so that whatever it repeats
happens once.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Any

from openrouter_site.errors import BadRequest

_ALPHABET = string.ascii_letters + string.digits
_RANDOM_CHARACTERS = 22
_IDS = {
    word: re.compile(rf"{word}-[A-Za-z0-9]{{{_RANDOM_CHARACTERS}}}")
    for word in ("chat", "msg", "file", "vote")
}


def new(word: str) -> str:
    """`new("file")`."""
    return f"{word}-{''.join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))}"


def is_id(word: str, value: Any) -> bool:
    """Any other text names nothing, and need not be looked for: no database has to bear it."""
    return type(value) is str and _IDS[word].fullmatch(value) is not None


def checked(word: str, value: Any, field: str) -> str:
    """Raises BadRequest."""
    if not is_id(word, value):
        raise BadRequest(
            f'{field} must be "{word}-" and {_RANDOM_CHARACTERS} letters or digits',
            {"field": field},
        )
    return str(value)
