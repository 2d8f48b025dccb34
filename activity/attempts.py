"""The attempts of a generation, as its row keeps them: a path, and a waterfall. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Attempt:
    """One endpoint tried, `offset_ms` after the first one was. `status` 0: no answer came.

    `error` is the provider's own, as it was kept: credentials are masked there.
    """

    provider: str
    model: str
    status: int
    offset_ms: int
    ms: int
    error: str = ""
    credential: str = ""
    is_own_key: bool = False

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300 and not self.error


def parse(text: str) -> tuple[Attempt, ...]:
    """One began when the one before it had failed. What is no attempt is left out."""
    attempts: list[Attempt] = []
    offset_ms = 0
    for document in _documents(text):
        attempt = Attempt(
            provider=_text(document, "provider"),
            model=_text(document, "model"),
            status=_count(document, "status"),
            offset_ms=offset_ms,
            ms=_count(document, "ms"),
            error=_text(document, "error"),
            credential=_text(document, "credential"),
            is_own_key=document.get("is_byok") is True,
        )
        attempts.append(attempt)
        offset_ms += attempt.ms
    return tuple(attempts)


def path(attempts: tuple[Attempt, ...]) -> tuple[str, ...]:
    """The providers in the order they were asked, each once in a row: Together, Fireworks."""
    names: list[str] = []
    for attempt in attempts:
        if names[-1:] != [attempt.provider]:
            names.append(attempt.provider)
    return tuple(names)


def wasted_ms(attempts: tuple[Attempt, ...]) -> int:
    """Until the last attempt began."""
    return attempts[-1].offset_ms if attempts else 0


def _documents(text: str) -> Iterator[dict[str, Any]]:
    try:
        documents = json.loads(text)
    except ValueError:
        return
    if isinstance(documents, list):
        yield from (each for each in documents if isinstance(each, dict))


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _count(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    return max(0, value) if type(value) is int else 0
