"""What the caller is told when the ledger refuses or every provider failed.

The wordings are those that clients match on (openrouter-today 1.5). A provider's own words travel
as `metadata.raw`, masked: whatever looks like a credential is removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from accounts.keys import REFUSED
from billing.refusals import (
    AccountFrozen,
    InsufficientCredits,
    KeyDisabled,
    KeyLimitExceeded,
    LedgerError,
    MemberBudgetExceeded,
)
from catalog.snapshot import Endpoint
from openrouter_site.errors import (
    ApiError,
    BadGateway,
    BadRequest,
    Forbidden,
    PaymentRequired,
    RequestTimeout,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from openrouter_site.money import dollars
from routing import failures
from routing.attempt_log import Attempt
from routing.chunk import Failure
from routing.formats.contents import texts
from routing.pricing import Size, affordable_tokens
from routing.request import ChatRequest

_RAW_CHARACTERS_MAX = 500
_RETRY_AFTER_S_MAX = 3600
_OWN_CREDENTIAL_REFUSED = frozenset({401, 402, 403})
_FLAGGED_CHARACTERS_MAX = 100
# Keys of providers (sk-..., AIza..., gsk_..., JWTs) and anything said to be a bearer token.
_SECRETS = re.compile(
    r"(?i)\b(?:sk|pk|gsk|pplx|hf|r8|fw|key|xai|AIza)[-_]?[A-Za-z0-9_\-*.]{12,}|bearer\s+\S+|eyJ[\w.\-]{20,}"
)


def masked(text: str) -> str:
    """A provider's words without what looks like a credential, cut to a readable length."""
    return _SECRETS.sub("***", text)[:_RAW_CHARACTERS_MAX]


def is_credential_refused(failure: Failure) -> bool:
    """Whether the provider refuses us, not the request."""
    return failure.status in _OWN_CREDENTIAL_REFUSED and failure.kind != failures.MODERATION


def shown(failure: Failure) -> str:
    """A provider's words as the caller may read them: not those about our account there."""
    if is_credential_refused(failure) and not failure.is_own:
        return "The provider refused this server's own credential."
    return masked(failure.message)


def of_ledger(
    error: LedgerError, size: Size, endpoints: Iterable[Endpoint], settings_url: str
) -> ApiError:
    """401 for a key that was disabled, 402 with what could be afforded for the rest."""
    if isinstance(error, KeyDisabled):
        return Unauthorized(REFUSED)
    if isinstance(error, AccountFrozen):
        return PaymentRequired(
            "This account is frozen while a payment is disputed.",
            {"limit_source": "account_frozen", "remedy_hint": "Contact the operator."},
        )
    if isinstance(error, KeyLimitExceeded):
        is_member = isinstance(error, MemberBudgetExceeded)
        source = "openrouter_member_budget" if is_member else "openrouter_key_limit"
        page = f"{settings_url}/settings/{'members' if is_member else 'keys'}"
        metadata: dict[str, Any] = {
            "limit": dollars(error.limit_nano), "usage": dollars(error.spent_nano),
        }  # fmt: skip
        if error.available_nano <= 0:
            message = f"Key limit exceeded (total limit). Manage it using {page}"
            if is_member:
                message = "Your budget in this account is spent. Ask its owner for more."
            return PaymentRequired(message, metadata | _remedy(source, page))
    elif isinstance(error, InsufficientCredits):
        source, page = "openrouter_credits", f"{settings_url}/settings/credits"
        metadata = {"available": dollars(error.available_nano)}
        if error.available_nano <= 0:
            message = f"Insufficient credits. Add more using {page}"
            return PaymentRequired(message, metadata | _remedy(source, page))
    else:
        raise error
    affordable = min(affordable_tokens(size, e, error.available_nano) for e in endpoints)
    wanted = "the whole prompt" if size.max_tokens is None else f"up to {size.max_tokens} tokens"
    return PaymentRequired(
        "This request requires more credits, or fewer max_tokens. You requested"
        f" {wanted}, but can only afford {affordable}. To increase, visit {page} and add credits",
        metadata | {"affordable_max_tokens": affordable} | _remedy(source, page),
    )


def _remedy(source: str, page: str) -> dict[str, str]:
    return {"limit_source": source, "remedy_hint": f"Visit {page}, or lower max_tokens."}


def of_failures(
    failed: list[tuple[Failure, Endpoint]], attempts: list[Attempt], request: ChatRequest
) -> ApiError:
    """The last failure, or, when every provider was too busy, 429 with the smallest Retry-After.

    A refusal of *our* credential is never the caller's 401: it is a 502 (design/streaming.md).
    """
    failure, endpoint = failed[-1]
    metadata: dict[str, Any] = {
        "provider_name": endpoint.provider.name,
        "raw": shown(failure),
        "attempts": [attempt.as_json() for attempt in attempts],
    }
    if refused := _own_refused(failed):
        metadata["own_keys_refused"] = refused
        metadata["remedy_hint"] = (
            "A provider refuses your own key. Replace it or delete it: see /api/v1/byok."
        )
    statuses = [each.status for each, _ in failed]
    if all(status in {429, 529} for status in statuses):
        waits = [each.retry_after_s for each, _ in failed if each.retry_after_s is not None]
        seconds = max(1, round(min([*waits, _RETRY_AFTER_S_MAX] if waits else [1])))
        metadata |= {"limit_source": "upstream_provider", "retry_after_seconds": seconds}
        return TooManyRequests("Provider returned error", metadata, retry_after_s=seconds)
    if failure.kind == failures.MODERATION:
        return _moderated(failure, endpoint, metadata, request)
    if failure.permanent:
        if failure.kind == failures.CONTEXT_LENGTH:
            metadata["error_type"] = "context_length_exceeded"
        text = masked(failure.message) or "The provider refused the request."
        return BadRequest(text, metadata)
    if failure.status == 408:
        return RequestTimeout("The model did not answer in time.", metadata)
    return BadGateway("Provider returned error", metadata)


def _own_refused(failed: list[tuple[Failure, Endpoint]]) -> list[dict[str, str]]:
    """Who refused a key of the caller's own, in whose words."""
    return [
        {"provider_name": endpoint.provider.name, "raw": shown(failure)}
        for failure, endpoint in failed
        if failure.is_own and is_credential_refused(failure)
    ]


def _moderated(
    failure: Failure, endpoint: Endpoint, metadata: dict[str, Any], request: ChatRequest
) -> Forbidden:
    """The seed's 403, with today's metadata."""
    return Forbidden(
        f"{endpoint.model_id} requires moderation on {endpoint.provider.name}."
        " Your input was flagged. Change it, or choose a model without moderation.",
        metadata
        | {
            "reasons": list(failure.reasons),
            "flagged_input": shortened(failure.flagged_input or last_said(request)),
            "model_slug": endpoint.model_id,
        },
    )


def last_said(request: ChatRequest) -> str:
    """By the user; where a provider does not say which text it refuses, it is taken to be this."""
    for message in reversed(request.messages or ()):
        if message["role"] == "user" and message.get("content"):
            return texts(message)
    return request.prompt or ""


def shortened(text: str) -> str:
    """At most 100 characters, the middle left out (seed, Moderation Errors)."""
    if len(text) <= _FLAGGED_CHARACTERS_MAX:
        return text
    half = (_FLAGGED_CHARACTERS_MAX - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def in_band(failure: Failure, provider: str) -> ApiError:
    """What breaks off an answer that had begun."""
    metadata = {"provider_name": provider, "raw": shown(failure)}
    if failure.status == 408:
        return RequestTimeout("The model stopped answering.", metadata)
    if failure.status == 429:
        return TooManyRequests("Provider returned error", metadata)
    return BadGateway("Provider returned error", metadata)


def unavailable() -> ApiError:
    return Unavailable("Requests cannot be billed right now. Try again shortly.", retry_after_s=2)
