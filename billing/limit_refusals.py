"""What a caller over a limit is told: which limit, when it ends, and what helps.

A browser cannot read Retry-After of an older client's proxy, and clients differ in where they look:
the same figures are headers and metadata (openrouter-today 1.5, 1.0 and trap 8).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from billing.windows import SECOND_US, Day, Verdict, Window
from openrouter_site.errors import TooManyRequests

_DATASET_REMEDY = "Wait, and keep what you read: a completed day hardly ever changes."
_FREE_REMEDY = "Wait, or ask for the model without :free."


class RateLimited(TooManyRequests):
    """One of our own limits; a provider's is a TooManyRequests without these headers."""

    def __init__(self, message: str, metadata: dict[str, Any], retry_after_s: int) -> None:
        super().__init__(message, metadata, retry_after_s=retry_after_s)
        self._headers: dict[str, str] = metadata["headers"]

    def headers(self) -> dict[str, str]:
        return dict(self._headers)


def refused(windows: Sequence[Window], day: Day | None, verdict: Verdict) -> RateLimited:
    """For the window that the verdict names; `Retry-After` is enough for all of them."""
    if verdict.refused_by == len(windows):
        assert day is not None
        name, limit = "free_day", day.limit
    else:
        name, limit, _ = windows[verdict.refused_by]
    source, what, remedy = _words(name, limit)
    retry_after_s = max(1, math.ceil(verdict.wait_us / SECOND_US))
    reset_ms = time.time_ns() // 1_000_000 + math.ceil(verdict.wait_us / 1000)
    metadata = {
        "limit_source": source,
        "limit": limit,
        "remaining": 0,
        "reset": reset_ms,
        "retry_after_seconds": retry_after_s,
        "remedy_hint": remedy,
        "headers": {
            "Retry-After": str(retry_after_s),
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(reset_ms),
        },
    }
    return RateLimited(f"Rate limit exceeded: {what}. {remedy}", metadata, retry_after_s)


def _words(name: str, limit: int) -> tuple[str, str, str]:
    """(limit_source, what the limit is, what helps)."""
    requests = "1 request" if limit == 1 else f"{limit} requests"
    if name == "free_day":
        what = f"free-models-per-day, {requests} a day (UTC) for models ending in :free"
        return "openrouter_free_per_day", what, _FREE_REMEDY
    if name == "free_minute":
        what = f"free-models-per-min, {requests} a minute for models ending in :free"
        return "openrouter_free_per_minute", what, _FREE_REMEDY
    if name == "credits":
        what = f"{requests} per second, one for each credit left on the key and the account"
        page = f"{settings.SITE_URL}/settings/credits"
        return "openrouter_credits", what, f"Slow down, or add credits at {page}"
    if name == "dataset_minute":
        what = f"{requests} for datasets a minute with one key"
        return "openrouter_datasets_per_minute", what, _DATASET_REMEDY
    if name == "dataset_day":
        what = f"{requests} for datasets in 24 hours of one account"
        return "openrouter_datasets_per_day", what, _DATASET_REMEDY
    what = f"{requests} per second for one account"
    return "openrouter_surge", what, "Slow down, or ask the operator of this server for more."
