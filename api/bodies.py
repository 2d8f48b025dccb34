"""The JSON object in the body of a call for an account's affairs: keys, payments, provider keys."""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from rest_framework.request import Request

from openrouter_site.errors import BadRequest, PayloadTooLarge

_BYTES_MAX = 64 * 1024
_NAME_CHARACTERS_SHOWN = 64


def read_object(request: Request, known: Collection[str] | None) -> dict[str, Any]:
    """The object, its numbers exact: whole ones int, others Decimal.

    Raises PayloadTooLarge, or BadRequest for what is no object or has a field that is not `known`:
    nobody shall take it for one that does something (design/hardening.md, abuse 55). `known` None:
    clients send more than we know, and it means nothing.
    """
    # Before Django reads it: what it takes for too large would be a 500.
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or len(length) > 9 or int(length) > _BYTES_MAX:
        raise _too_large()
    raw = request.body
    if len(raw) > _BYTES_MAX:
        raise _too_large()
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    for name in body:
        if known is not None and name not in known:
            shown = name[:_NAME_CHARACTERS_SHOWN].encode(errors="replace").decode()
            raise BadRequest(
                f"{shown!r} is not known here. Use {', '.join(known)}.", {"field": shown}
            )
    return body


def _refuse_constant(word: str) -> None:
    """NaN and Infinity, which JSON does not have."""
    raise ValueError(word)


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {_BYTES_MAX} bytes.")
