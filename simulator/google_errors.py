"""Google's errors, at every door: AIP-193, a code, a message and a status in capitals."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from simulator.errors import MESSAGES, Refused
from simulator.provider import Provider

Json = dict[str, Any]

_STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED", 409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED",
    500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_MESSAGES = {
    400: "Request contains an invalid argument.",
    403: "The caller does not have permission",
    429: "Resource has been exhausted (e.g. check quota).",
    500: "An internal error has occurred. Please retry or report it.",
    503: "The model is overloaded. Please try again later.",
    504: "The request timed out. Please try again.",
}
_DOMAIN = "googleapis.com"


def error_body(provider: Provider | None, refused: Refused) -> Json:
    """`Refused.kind`, when it is in capitals, is the reason in `details`."""
    status = refused.status
    message = refused.message
    if message == MESSAGES.get(status):
        message = _MESSAGES.get(status, message)
    named = _STATUSES.get(status) or HTTPStatus(status).phrase.upper().replace(" ", "_")
    error: Json = {"code": status, "message": message, "status": named}
    if refused.kind.isupper():
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": refused.kind,
                "domain": _DOMAIN,
            }
        ]
    return {"error": error}


def event_of(status: int, message: str | None) -> Json:
    """An error inside a stream."""
    return error_body(None, Refused(status, message or ""))
