"""Reading what callers send about payments: exact amounts, no floats, one 400 for each mistake."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

from rest_framework.request import Request

from billing.payments.money import cents_of_nano
from openrouter_site.errors import BadRequest
from openrouter_site.money import format_amount, parse_amount

_KEY_MAX = 255
_DOLLARS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


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
    # Decimal() reads other scripts' digits and 1_0 too.
    if isinstance(value, str) and not _DOLLARS.fullmatch(value):
        raise wrong
    try:
        amount_nano = parse_amount(value)
        cents_of_nano(amount_nano)
    except ValueError:
        raise wrong from None
    if not minimum_nano <= amount_nano <= maximum_nano:
        raise wrong
    return amount_nano


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


def digest_of(*parts: object) -> str:
    """What makes two requests the same, whatever the spelling of their JSON."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()
