"""Values of a query string, checked: absent or empty is None, and what cannot be is a 400 by name.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal

from openrouter_site.errors import BadRequest

Query = Mapping[str, str]

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_DOLLARS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?", re.ASCII)
_SHOWN_CHARACTERS_MAX = 64


def wrong(name: str, text: str) -> BadRequest:
    return BadRequest(f"{name} {text}", {"field": name})


def whole_number(query: Query, name: str, minimum: int, maximum: int) -> int | None:
    """Raises BadRequest."""
    text = query.get(name, "")
    if not text:
        return None
    # Digits only and not too many: int() also takes "1_0", " 1" and other scripts' digits.
    if text.isascii() and text.isdigit() and len(text) <= len(str(maximum)):
        number = int(text)
        if minimum <= number <= maximum:
            return number
    raise wrong(name, f"must be a whole number from {minimum} to {maximum}")


def dollars(query: Query, name: str) -> Decimal | None:
    """Raises BadRequest."""
    text = query.get(name, "")
    if not text:
        return None
    if not _DOLLARS.fullmatch(text):
        raise wrong(name, "must be dollars, such as 0.5")
    return Decimal(text)


def flag(query: Query, name: str) -> bool | None:
    """Raises BadRequest."""
    text = query.get(name, "").lower()
    if not text:
        return None
    if text not in _FLAGS:
        raise wrong(name, "must be true or false")
    return _FLAGS[text]


def names(query: Query, name: str, known: Collection[str] = ()) -> frozenset[str] | None:
    """Names with commas between them, in lower case. Raises BadRequest for one that is not `known`,
    where something is."""
    found = frozenset(each for part in query.get(name, "").split(",") if (each := part.strip()))
    for each in found:
        if known and each.lower() not in known:
            shown = ascii(each[:_SHOWN_CHARACTERS_MAX])
            raise wrong(name, f"must be some of {', '.join(known)}, not {shown}")
    return frozenset(each.lower() for each in found) or None


def one_of(query: Query, name: str, known: Collection[str]) -> str | None:
    """Raises BadRequest."""
    text = query.get(name, "")
    if text and text not in known:
        raise wrong(name, f"must be one of {', '.join(known)}")
    return text or None
