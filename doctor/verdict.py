"""What a check is and what it answers. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`bad` is something that does not work; `warn` works and should be looked at."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence, and what to do unless all is well. Both are shown: neither holds a secret."""

    state: State
    text: str
    remedy: str = ""


def ok(text: str) -> Verdict:
    return Verdict(State.OK, text)


def warn(text: str, remedy: str) -> Verdict:
    return Verdict(State.WARN, text, remedy)


def bad(text: str, remedy: str) -> Verdict:
    return Verdict(State.BAD, text, remedy)


@dataclass(frozen=True, slots=True)
class Visit:
    """How a browser's request arrived, as this process understood it. Header values as sent."""

    scheme: str
    host: str
    remote_address: str
    forwarded_proto: str = ""
    forwarded_for: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at. `examine` gets the visit, or None from the command; it has limits of
    its own on everything it waits for, and after `timeout_s` nobody waits for it."""

    name: str
    area: str
    title: str
    examine: Callable[[Visit | None], Verdict]
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A check with its verdict and how long it took."""

    check: Check
    verdict: Verdict
    ms: int = 0

    def as_json(self) -> dict[str, str | int]:
        return {
            "check": self.check.name,
            "area": self.check.area,
            "title": self.check.title,
            "state": self.verdict.state.value,
            "text": self.verdict.text,
            "remedy": self.verdict.remedy,
            "ms": self.ms,
        }
