"""The figures under an answer. Pure.

Kept as they are in Message.figures: `usage`, `ttft_ms`, `duration_ms`, `tokens_per_second`,
`attempts`, `finish`, `cancelled`, `objects`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from routing.attempt_log import Attempt

# An answer that came in one piece was not streamed at any speed.
_STREAMED_MS_MIN = 20


def tokens_per_second(tokens: int, ttft_ms: int | None, duration_ms: int) -> float | None:
    """From the first word on; None where that is no time at all."""
    streamed_ms = duration_ms - (ttft_ms or 0)
    if ttft_ms is None or tokens < 2 or streamed_ms < _STREAMED_MS_MIN:
        return None
    return round(tokens * 1000 / streamed_ms, 1)


def attempts(log: Iterable[Attempt]) -> list[dict[str, Any]]:
    """Each endpoint that was tried: {provider, model, status, ms, error}."""
    return [
        {
            "provider": each.provider, "model": each.model, "status": each.status,
            "ms": each.ms, "error": each.error or None,
        }
        for each in log
    ]  # fmt: skip


def usage(document: dict[str, Any]) -> dict[str, int] | None:
    """The tokens of an answer's usage; None where nothing was counted."""
    if not document:
        return None
    return {name: document[name] for name in ("prompt_tokens", "completion_tokens")}
