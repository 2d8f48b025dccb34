"""Errors: their one shape, what each status means, and what can be done about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from documentation.openapi.schema import (
    Schema,
    boolean,
    integer,
    listing,
    mapping,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`cause` and `remedy` are one sentence each."""

    name: str
    cause: str
    remedy: str


MEANINGS: Mapping[int, Meaning] = {
    400: Meaning(
        "Bad Request",
        "A parameter is missing or has a value that cannot be.",
        "`metadata.field` names the parameter; the message says what it must be.",
    ),
    401: Meaning(
        "Unauthorized",
        "There is no key, or it is unknown, disabled or expired.",
        "Send `Authorization: Bearer` and a key of yours.",
    ),
    402: Meaning(
        "Payment Required",
        "The account, or the limit of the key, has too few credits left for the request.",
        "Add credits, raise the limit, or lower `max_tokens`. Nothing was charged.",
    ),
    403: Meaning(
        "Forbidden",
        "The input was flagged by moderation, or this key may not do that.",
        "`metadata.reasons` says why an input was flagged; else use a key of the kind that is"
        " asked for.",
    ),
    404: Meaning(
        "Not Found",
        "There is nothing of that name, or it is somebody else's.",
        "Check the id, and whose key you use.",
    ),
    405: Meaning(
        "Method Not Allowed",
        "The path does not take this method.",
        "The `Allow` header lists those it takes.",
    ),
    408: Meaning(
        "Request Timeout",
        "The model took too long to answer, or the body too long to arrive.",
        "Try again, or choose a faster model. Nothing was charged.",
    ),
    409: Meaning(
        "Conflict",
        "The request contradicts what is there already.",
        "The message says what stands in the way.",
    ),
    413: Meaning(
        "Payload Too Large",
        "The body has more bytes than the server takes.",
        "Send less at once.",
    ),
    429: Meaning(
        "Too Many Requests",
        "A rate limit of this server or of every provider of the model is reached.",
        "Wait for `Retry-After` seconds; `metadata.limit_source` says which limit it is.",
    ),
    431: Meaning(
        "Request Header Fields Too Large",
        "The headers have more than 64 kB.",
        "Send fewer or shorter headers.",
    ),
    500: Meaning(
        "Internal Server Error",
        "A mistake of this server.",
        "Tell its operator `metadata.request_id`: it is in the log.",
    ),
    502: Meaning(
        "Bad Gateway",
        "The provider is down, or its answer was invalid, and nobody else could take over.",
        "Try again, or name fallback models. Nothing was charged.",
    ),
    503: Meaning(
        "Service Unavailable",
        "No provider meets the requirements of the request, or the server is overloaded or about to"
        " restart.",
        "`metadata.dropped` says which requirement excluded which provider; else wait for"
        " `Retry-After` seconds.",
    ),
}

_DROPPED = record(
    {
        "model": text("Its id."),
        "provider": text("Its name."),
        "reason": text("The requirement that it does not meet."),
    },
    "An endpoint that was not asked.",
)

_ATTEMPT = record(
    {
        "model": text("The id of the model."),
        "provider": text("The provider's name."),
        "status": integer("As in HTTP; 0 when no answer came."),
        "ms": integer("Milliseconds until it ended or its first content came."),
        "credential": text("The label of the credential that was used, where there are several."),
        "is_byok": boolean("True where a provider key of your own was used."),
        "error": text("What went wrong."),
    },
    "One endpoint that was tried.",
    optional=("credential", "is_byok", "error"),
)

_REFUSED_KEY = record(
    {"provider_name": text("Who refuses it."), "raw": text("In their words.")},
    "A provider key of your own that was refused.",
)

_METADATA = record(
    {
        "field": text("The parameter at fault, such as `messages[2].content`."),
        "allowed": listing(text(), "The values it may have."),
        "unknown": text("The name that is not known there."),
        "reason": text("More about it."),
        "error_type": one_of(
            "A word for the kind of mistake.", "context_length_exceeded", "max_tokens_exceeded"
        ),
        "remedy_hint": text("What to do about it."),
        "request_id": text("What the operator finds it by in the log."),
        "limit_source": text(
            "Which limit: `openrouter_credits`, `openrouter_key_limit`, `openrouter_member_budget`,"
            " `openrouter_free_per_minute`, `openrouter_free_per_day`, `openrouter_surge`,"
            " `upstream_provider`, `account_frozen`."
        ),
        "limit": number("The limit: dollars with 402, requests with 429."),
        "usage": number("Dollars used of it."),
        "available": number("Dollars left."),
        "cost": number("Dollars that the request costs."),
        "affordable_max_tokens": integer("The longest answer that can be paid."),
        "remaining": integer("Requests left."),
        "reset": integer("When the limit ends: milliseconds since 1970."),
        "retry_after_seconds": integer("When to try again."),
        "headers": mapping(text(), "The same as the headers of the answer, for browsers."),
        "provider_name": text("The provider that failed."),
        "raw": text("What it said, without anything that looks like a credential."),
        "attempts": listing(ref("Attempt"), "Who was asked, in order."),
        "own_keys_refused": listing(_REFUSED_KEY, "Provider keys of yours that were refused."),
        "reasons": listing(text(), "Why the input was flagged."),
        "flagged_input": text("The text that was flagged, at most 100 characters of it."),
        "model_slug": text("The model that asks for moderation."),
        "requested_models": listing(text(), "The models you asked for."),
        "dropped": listing(ref("Dropped"), "The endpoints that were excluded, 50 at most."),
        "allowed_models": listing(text(), "The models that this key may use."),
        "context_length": integer("The longest prompt and answer together, in tokens."),
        "prompt_tokens": integer("Tokens of your prompt."),
        "max_tokens": nullable(integer("Tokens of the answer: asked for, or possible.")),
    },
    "What the kind of error needs. Each field is there where it applies.",
    required=(),
)

_BODY = record(
    {
        "code": one_of("The HTTP status.", *MEANINGS),
        "message": text("For people: what is wrong, and mostly what to do."),
        "metadata": ref("ErrorMetadata"),
    },
    optional=("metadata",),
)

_ERROR = record(
    {
        "error": ref("ErrorBody"),
        "openrouter_metadata": ref("RouterMetadata"),
    },
    "What every error is, whatever its status. `openrouter_metadata` is there where the request"
    " asked for it.",
    optional=("openrouter_metadata",),
)

SCHEMAS: Mapping[str, Schema] = {
    "Error": _ERROR,
    "ErrorBody": _BODY,
    "ErrorMetadata": _METADATA,
    "Attempt": _ATTEMPT,
    "Dropped": _DROPPED,
}

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": integer(minimum=0)}
}  # not with every 503


def response(code: int, cause: str = "") -> dict[str, Any]:
    """The Response Object of one error; `cause`, where the operation has a narrower one."""
    found: dict[str, Any] = {
        "description": cause or MEANINGS[code].cause,
        "content": {"application/json": {"schema": ref("Error")}},
    }
    return found | ({"headers": _RETRY_AFTER} if code in {429, 503} else {})
