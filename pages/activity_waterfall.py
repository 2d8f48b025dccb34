"""The attempts of a request as bars on one scale, the answer last."""

from __future__ import annotations

from dataclasses import dataclass

from activity.attempts import Attempt
from activity.detail import Detail

_SCALE = 1000
_LEAST = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` are thousandths of the whole; `tone` is a name of the design."""

    name: str
    said: str
    tone: str
    ms: int
    x: int
    width: int
    error: str = ""


def bars(detail: Detail) -> list[Bar]:
    whole = max(1, detail.total_ms)
    found = [_of_attempt(attempt, whole) for attempt in detail.attempts]
    if detail.answer_begins_ms is not None and detail.ends_ms is not None:
        begin, end = detail.answer_begins_ms, detail.ends_ms
        found.append(_bar("Answer", "streamed", "info", begin, end - begin, whole))
    return found


def _of_attempt(attempt: Attempt, whole: int) -> Bar:
    name = attempt.provider
    if attempt.model:
        name = f"{name} · {attempt.model}"
    if attempt.is_own_key:
        name = f"{name} · your own key"
    said = str(attempt.status) if attempt.status else "no answer"
    tone = "ok" if attempt.succeeded else "bad"
    return _bar(name, said, tone, attempt.offset_ms, attempt.ms, whole, attempt.error)


def _bar(
    name: str, said: str, tone: str, offset_ms: int, ms: int, whole: int, error: str = ""
) -> Bar:
    x = min(_SCALE - _LEAST, offset_ms * _SCALE // whole)
    width = max(_LEAST, min(_SCALE - x, ms * _SCALE // whole))
    return Bar(name, said, tone, ms, x, width, error)
