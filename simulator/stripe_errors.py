"""Stripe's error object."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """`fields` are those of the error object, beside type and message."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, **fields}

    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def invalid(message: str, param: str = "", code: str = "") -> StripeError:
    fields = {name: value for name, value in (("param", param), ("code", code)) if value}
    return StripeError(400, "invalid_request_error", message, **fields)


def missing(kind: str, id: str) -> StripeError:
    return StripeError(
        404, "invalid_request_error", f"No such {kind}: '{id}'", param="id", code="resource_missing"
    )


def declined(code: str, decline_code: str, message: str, intent: dict[str, Any]) -> StripeError:
    return StripeError(
        402, "card_error", message,
        code=code, decline_code=decline_code, payment_intent=intent,
    )  # fmt: skip
