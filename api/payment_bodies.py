"""Reading what callers send about payments: exact amounts, no floats, one 400 for each mistake."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework.request import Request

from billing.payments.money import read_dollars
from openrouter_site.errors import BadRequest
from openrouter_site.money import format_amount

_KEY_MAX = 255


def amount_of(body: dict[str, Any], name: str, *, minimum_nano: int, maximum_nano: int) -> int:
    """Dollars as nano-dollars, whole cents; raises BadRequest."""
    value = body.get(name)
    if value is None:
        raise BadRequest(f"{name} is missing. Give dollars: 10 or 10.50.")
    wrong = BadRequest(
        f"{name} must be dollars with whole cents, from {format_amount(minimum_nano)}"
        f" to {format_amount(maximum_nano)}."
    )
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise wrong
    try:
        return read_dollars(value, minimum_nano=minimum_nano, maximum_nano=maximum_nano)
    except ValueError:
        raise wrong from None


def flag_of(body: dict[str, Any], name: str, default: bool | None = None) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false.")
    return value


def text_of(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 64 or not value.isascii():
        raise BadRequest(f"{name} is missing or no id. Take it from GET /api/v1/credits/payments.")
    if not value.replace("_", "").isalnum():
        raise BadRequest(f"{name} is no id. Take it from GET /api/v1/credits/payments.")
    return value


def idempotency_key(request: Request) -> str | None:
    """The header, or None; raises BadRequest."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= _KEY_MAX or not (key.isascii() and key.isprintable()):
        raise BadRequest(f"Idempotency-Key must be 1 to {_KEY_MAX} printable ASCII characters.")
    return key
