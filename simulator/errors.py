"""What refuses a request, and the body each provider says it in.

Shapes: the `error_body` facts of `shared/data/providers_2024.json`. A new shape is one function and
one line in `SHAPES`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from simulator.provider import Provider

Body = dict[str, Any]

MESSAGES = {
    400: "The request is not valid.",
    401: "Incorrect API key provided.",
    402: "Insufficient balance.",
    403: "You are not allowed to use this model.",
    404: "The model does not exist or you do not have access to it.",
    408: "The request timed out.",
    413: "The request is too large.",
    422: "Input should be valid.",
    429: "Rate limit reached for requests. Please try again later.",
    500: "The server had an error while processing your request. Sorry about that!",
    502: "Bad gateway.",
    503: "The engine is currently overloaded, please try again later.",
    529: "Overloaded.",
}
TYPES = {
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_exceeded",
}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class Refused(Exception):
    """A request this provider does not take. Says which field, where there is one."""

    def __init__(
        self, status: int, message: str = "", param: str | None = None, kind: str = "value_error"
    ) -> None:
        self.status = status
        self.message = message or MESSAGES.get(status, f"Error {status}.")
        self.param = param
        self.kind = kind
        super().__init__(self.message)

    @property
    def type(self) -> str:
        by_class = "server_error" if self.status >= 500 else "invalid_request_error"
        return TYPES.get(self.status, by_class)


def body_of(provider: Provider | None, refused: Refused) -> Body:
    """The error body in this provider's shape; an unknown provider speaks like OpenAI."""
    return SHAPES[provider.errors if provider else "openai"](refused)


def event_of(refused: Refused) -> Body:
    """An error inside a stream. The code is the HTTP status it would have had."""
    return {
        "error": {
            "message": refused.message,
            "type": refused.type,
            "param": refused.param,
            "code": refused.status,
        }
    }


def _openai(refused: Refused) -> Body:
    code = None if refused.param else CODES.get(refused.status)
    return {
        "error": {
            "message": refused.message,
            "type": refused.type,
            "param": refused.param,
            "code": code,
        }
    }


def _together(refused: Refused) -> Body:
    return {"id": f"{secrets.token_hex(8)}-SJC", **_openai(refused)}


def _validation(refused: Refused) -> Body:
    """What FastAPI says of a body that does not fit the schema."""
    place = ["body", refused.param] if refused.param else ["body"]
    return {"detail": [{"type": refused.kind, "loc": place, "msg": refused.message}]}


def _mistral(refused: Refused) -> Body:
    if refused.status == 422:
        return _validation(refused)
    return {
        "object": "error",
        "message": refused.message,
        "type": refused.type,
        "param": refused.param,
        "code": CODES.get(refused.status),
    }


def _deepinfra(refused: Refused) -> Body:
    if refused.status == 422:
        return _validation(refused)
    return {"detail": {"error": refused.message}}


def _anyscale(refused: Refused) -> Body:
    return _validation(refused) if refused.status == 422 else _openai(refused)


def _fireworks(refused: Refused) -> Body:
    if refused.status in (401, 502, 504):
        # These come from the API gateway in front of the service, which has its own shape.
        phrase = HTTPStatus(refused.status).phrase.replace(" ", "")
        detail = {"errorcode": f"messaging.adaptors.http.flow.{phrase}"}
        return {"fault": {"faultstring": refused.message, "detail": detail}}
    return {
        "error": {"object": "error", "type": refused.type, "message": refused.message},
    }


def _novita(refused: Refused) -> Body:
    reason = CODES.get(refused.status, refused.type).upper()
    return {"code": refused.status, "reason": reason, "message": refused.message, "metadata": {}}


SHAPES: dict[str, Callable[[Refused], Body]] = {
    "openai": _openai,
    "together": _together,
    "mistral": _mistral,
    "deepinfra": _deepinfra,
    "anyscale": _anyscale,
    "fireworks": _fireworks,
    "novita": _novita,
}
