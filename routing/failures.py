"""What a provider's refusal means: the same rules for every dialect. Pure.

A dialect finds the words in its provider's shape and calls `failure`; what follows from them (may
another endpoint do better? whose fault is it?) is decided here, once (design/streaming.md,
section 3).
"""

from __future__ import annotations

from collections.abc import Iterable

from routing.chunk import Failure

MODERATION = "moderation"
CONTEXT_LENGTH = "context_length"

# The request is at fault: the same endpoint, asked again, says the same.
_OF_THE_REQUEST = frozenset({400, 413, 422})
_CONTEXT_WORDS = (
    "context length", "context_length", "maximum context", "too many tokens", "context window",
    "prompt is too long", "exceeds the limit of", "input is too long", "inputs tokens",
    "maximum number of tokens",
)  # fmt: skip
_MODERATION_CODES = frozenset(
    {
        "content_filter", "content_policy_violation", "moderation", "content_moderation",
        "moderation_blocked", "responsibleaipolicyviolation", "input_flagged", "safety",
    }
)  # fmt: skip
_MODERATION_WORDS = (
    "content management policy", "content policy", "flagged", "moderation", "safety system",
    "usage policies",
)  # fmt: skip
_REASONS_MAX, _REASON_CHARACTERS_MAX = 16, 64


def failure(
    status: int, message: str, *, code: object = "", reasons: Iterable[object] = ()
) -> Failure:
    """`code` is the provider's own word for it, `reasons` what its moderation named."""
    if _is_moderation(status, message, str(code or "").lower()):
        named = tuple(str(each)[:_REASON_CHARACTERS_MAX] for each in reasons)[:_REASONS_MAX]
        return Failure(403, message, permanent=True, kind=MODERATION, reasons=named)
    permanent = status in _OF_THE_REQUEST
    if permanent and any(words in message.lower() for words in _CONTEXT_WORDS):
        return Failure(400, message, permanent=True, kind=CONTEXT_LENGTH)
    return Failure(status, message, permanent=permanent)


def _is_moderation(status: int, message: str, code: str) -> bool:
    """By its code (502: an error that came within a 200); a 403 by its words, since it could also
    be about our credential."""
    if code in _MODERATION_CODES:
        return status in {400, 403, 422, 451, 502}
    return (
        status == 451
        or status == 403
        and any(words in message.lower() for words in _MODERATION_WORDS)
    )
