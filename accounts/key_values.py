"""Values of a key as callers write them, checked: the same for the API, for apps and for pages.

Amounts are exact: a number becomes a Decimal and then nano-dollars. All raise BadRequest naming the
field.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from openrouter_site.errors import BadRequest
from openrouter_site.money import parse_amount

NAME_CHARACTERS_MAX = 120


def wrong(field: str, text: str) -> BadRequest:
    return BadRequest(f"{field} {text}", {"field": field})


def line(value: Any, field: str, characters_max: int = NAME_CHARACTERS_MAX) -> str:
    """A name: one line that every database takes."""
    if not isinstance(value, str) or not value.strip() or len(value) > characters_max:
        raise wrong(field, f"must be a text of 1 to {characters_max} characters.")
    # Neither a NUL nor half a surrogate pair, which no database takes.
    if not value.isprintable():
        raise wrong(field, "must be one line of printable characters.")
    return value.strip()


def limit(value: Any, field: str) -> int | None:
    """Nano-dollars; None is no limit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong(field, "must be a number of dollars, or null for no limit.")
    try:
        amount_nano = parse_amount(value)
    except ValueError:
        raise wrong(field, "must be dollars with at most 9 decimals, and not too large.") from None
    if amount_nano < 0:
        raise wrong(field, "must not be negative.")
    return amount_nano


def moment(value: Any, field: str) -> datetime | None:
    """UTC; other zones are refused, as OpenRouter does."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.utcoffset() != timedelta(0) or not 2000 <= found.year <= 9998:
        raise wrong(field, 'must be a UTC time like "2027-01-31T12:00:00Z", or null.')
    return found.astimezone(UTC)
