"""A prompt that the provider's moderation refuses, as each kind of provider says so.

    policy   400 with `content_policy_violation` and no reasons (OpenAI)
    filter   400 with `content_filter` and the table of filters in `innererror` (Azure OpenAI)
    feedback 200 with nothing but `promptFeedback` (Gemini)
    blocked  498 with a message (Cohere)
    flagged  403 with `moderation`, a message with the reasons, and the reasons again as metadata
             (Together and routers, OpenRouter's own shape among them)

The first four are those of the API references. Nobody documents `flagged` for each provider that
uses it: it stands for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

Style = Literal["policy", "filter", "flagged", "feedback", "blocked"]
STYLES: tuple[str, ...] = get_args(Style)
REASONS = ("violence", "hate")
"""What was found when the directive does not say."""
# Gemini has four categories.
_CATEGORIES = {
    "hate": "HATE_SPEECH",
    "sexual": "SEXUALLY_EXPLICIT",
    "harassment": "HARASSMENT",
}
_FILTERS = ("hate", "self_harm", "sexual", "violence")
_MESSAGES: dict[str, str] = {
    "policy": "Your request was rejected as a result of our safety system. Your prompt may contain"
    " text that is not allowed by our safety system.",
    "filter": "The response was filtered due to the prompt triggering Azure OpenAI's content"
    " management policy. Please modify your prompt and retry.",
    "feedback": "",
    "blocked": "blocked input: please check the policy of use ({reasons}).",
    "flagged": "Your chosen model requires moderation and your input was flagged for"
    ' "{reasons}". No credits were charged.',
}


def refusal(style: str, reasons: Sequence[str], message: str | None) -> tuple[int, Any]:
    """Status and body, in one of STYLES. `message` replaces the provider's own words."""
    if style == "feedback":
        return 200, {"promptFeedback": _feedback(reasons, message)}
    text = message or _MESSAGES[style].replace("{reasons}", "/".join(reasons))
    error: dict[str, Any] = {"message": text}
    if style == "blocked":
        return 498, error
    if style == "policy":
        error |= {
            "type": "invalid_request_error",
            "param": None,
            "code": "content_policy_violation",
        }
        return 400, {"error": error}
    if style == "filter":
        error |= {"type": None, "param": "prompt", "code": "content_filter", "status": 400}
        error["innererror"] = {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": filters(reasons),
        }
        return 400, {"error": error}
    error |= {"type": "invalid_request_error", "code": "moderation"}
    return 403, {"error": error | {"metadata": {"reasons": list(reasons)}}}


def filters(reasons: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Azure names every filter, also those that found nothing."""
    names = dict.fromkeys([*_FILTERS, *reasons])
    return {
        name: {"filtered": name in reasons, "severity": "high" if name in reasons else "safe"}
        for name in names
    }


def _feedback(reasons: Sequence[str], message: str | None) -> dict[str, Any]:
    named = dict.fromkeys(_CATEGORIES.get(reason, "DANGEROUS_CONTENT") for reason in reasons)
    ratings = [{"category": f"HARM_CATEGORY_{name}", "probability": "HIGH"} for name in named]
    said = {"blockReasonMessage": message} if message else {}
    return {"blockReason": "SAFETY", **said, "safetyRatings": ratings}
