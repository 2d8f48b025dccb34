"""Directives: what a request should suffer, in one grammar for three ways of asking.

`key=value` pairs and bare flags, separated by spaces or commas; a value with spaces is quoted:

    status=503 retry_after=2 message="Try later"      provider=together stall_after=5

1. a request header, `x-simulate: status=503`;
2. in the last user message or the prompt, `[[simulate status=503 provider=together]]`, repeatable;
3. `POST /_faults` with [{"provider": slug, "directive": "status=503", "count": 2}]: the first
   fault that fits and has requests left is used, so a list is a script; provider "*" is anybody.

`provider=` and `model=` restrict a directive. `chance=0.5` restricts it to that share of what it
fits, for providers that flap: drawn so that the same requests in the same order suffer the same.
A fault of a script that is not drawn leaves the request to the next one.

Where the three disagree the header wins over the text and the text over the script. A word we do
not know is refused with a 400: a test with a typo must not pass. The words are the fields of
`Directive`.

Without a count a fault stays until DELETE /_faults, so one {"provider": "*", "directive":
"status=503"} is an outage of everybody. It also hits GET .../models, which gateways probe; a fault
with a count does not, so that probes use up no script, nor does `moderated`: there is no prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from simulator.moderation import STYLES

# Only reasons=violence,hate has commas inside, and they end before the next key=.
_PAIR = re.compile(
    r"""([a-z0-9_]+)(?:=("(?:[^"\\]|\\.)*"|'[^']*'|(?<=\breasons=)[^\s=]+|[^\s,]+))?(?=[\s,]|$)"""
)
_BLOCK = re.compile(r"\[\[simulate\b(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Directive:
    gate: str | None = None
    """Nothing at all before POST /_gates has opened the gate of this name."""
    # Instead of an answer
    status: int | None = None
    """An error, with the provider's error body."""
    retry_after: float | None = None
    message: str | None = None
    html: bool = False
    empty: bool = False
    badjson: bool = False
    hang: bool = False
    """Take the request and never answer."""
    reset: bool = False
    """A TCP reset instead of the first byte."""
    moderated: str | None = None
    """Its moderation refuses; `moderated=filter` as another would (simulator/moderation.py)."""
    reasons: str | None = None
    """What the moderation found: violence,hate."""
    # In the middle of an answer, after so many tokens
    stall_after: int | None = None
    cut_after: int | None = None
    garbage_after: int | None = None
    error_after: int | None = None
    role_only_then_error: bool = False
    first_event_error: int | None = None
    # How fast
    ttft_ms: float | None = None
    tps: float | None = None
    slow: float | None = None
    """Milliseconds before each chunk after the first."""
    # What is in it
    tokens: int | None = None
    parallel: int | None = None
    """So many tool calls at once."""
    u2028: bool = False
    big: int | None = None
    """One delta of so many bytes."""
    big_after: int = 0
    """After so many tokens in deltas of their own."""
    finish: str | None = None
    no_usage: bool = False
    # How it is framed
    no_done: bool = False
    crlf: bool = False
    comments: int = 0
    split: int | None = None

    @property
    def breaks(self) -> tuple[tuple[int, str], ...]:
        """The faults in the middle, as (after so many tokens, what), in order."""
        kinds = ("stall", "cut", "garbage", "error")
        found = [(getattr(self, f"{kind}_after"), kind) for kind in kinds]
        return tuple(sorted((after, kind) for after, kind in found if after is not None))


class BadDirective(ValueError):
    """Somebody wrote a directive that means nothing."""


NOTHING = Directive()
WORDS: dict[str, type] = {
    field.name: {"int": int, "float": float, "str": str, "bool": bool}[str(field.type).split()[0]]
    for field in fields(Directive)
}
_RESTRICTIONS = ("provider", "model", "chance")
_SEED = 1


def parse(text: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    rest = _PAIR.sub("", text).strip(" \t\r\n,")
    if rest:
        raise BadDirective(f"simulator: cannot read {rest!r} in the directive {text!r}")
    for name, value in _PAIR.findall(text):
        if name == "chance":
            result[name] = _chance(value)
        else:
            result[name] = value if name in _RESTRICTIONS else _value(name, value)
    return result


def _chance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadDirective(f"simulator: chance={text} should be a number from 0 to 1")
    return value


def _value(name: str, text: str) -> Any:
    kind = WORDS.get(name)
    if kind is None:
        raise BadDirective(f"simulator: there is no directive {name!r}")
    if kind is bool:
        return text not in ("0", "false")
    if name == "moderated" and text not in ("", *STYLES):
        raise BadDirective(f"simulator: moderated={text} should be one of {', '.join(STYLES)}")
    if kind is str:
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] in ('"', "'") else text
    try:
        value = kind(text)
    except ValueError:
        raise BadDirective(f"simulator: {name}={text} should be a number") from None
    if not 0 <= value <= 1e9 or (name in ("split", "big") and value < 1):
        raise BadDirective(f"simulator: {name}={text} is out of range")
    return value


def blocks(text: str) -> list[str]:
    return _BLOCK.findall(text) if "[[simulate" in text else []


def without_blocks(text: str) -> str:
    return _BLOCK.sub("", text).strip() if "[[simulate" in text else text


@dataclass
class Fault:
    provider: str
    directive: Mapping[str, Any]
    source: str
    count: int | None

    def public(self) -> dict[str, Any]:
        return {"provider": self.provider, "directive": self.source, "count": self.count}


class Faults:
    """The script. Replaced as a whole, because half a script is a test nobody understands."""

    def __init__(self) -> None:
        self.script: list[Fault] = []
        self._rng = Random(_SEED)

    def replace(self, rows: Any) -> None:
        if not isinstance(rows, list):
            raise BadDirective("simulator: /_faults takes a JSON list")
        self.script = [_fault(row) for row in rows]
        # A script that is posted again does the same again.
        self._rng = Random(_SEED)

    def find(self, slug: str, model: str | None, header: str, text: str) -> dict[str, Any]:
        """Everything this request should suffer. Uses up one request of a counted fault."""
        return self._find(self.script, slug, model, [*blocks(text), header])

    def standing(self, slug: str, header: str) -> dict[str, Any]:
        """For a list of models: header and uncounted faults, so that no script is used up."""
        lasting = [fault for fault in self.script if fault.count is None]
        found = self._find(lasting, slug, None, [header])
        found.pop("moderated", None)
        return found

    def _find(
        self, script: list[Fault], slug: str, model: str | None, sources: list[str]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for fault in script:
            fits = fault.count != 0 and _fits(fault.provider, fault.directive, slug, model)
            if fits and self._drawn(fault.directive):
                found.update(fault.directive)
                if fault.count is not None:
                    fault.count -= 1
                break
        for source in sources:
            directive = parse(source) if source else {}
            if _fits("*", directive, slug, model) and self._drawn(directive):
                found.update(directive)
        return {name: value for name, value in found.items() if name not in _RESTRICTIONS}

    def _drawn(self, directive: Mapping[str, Any]) -> bool:
        chance = directive.get("chance")
        return chance is None or self._rng.random() < chance


def _fault(row: Any) -> Fault:
    if not isinstance(row, dict) or not isinstance(row.get("directive"), str):
        raise BadDirective("simulator: a fault is {provider, directive, count}")
    count = row.get("count")
    if count is not None and (type(count) is not int or count < 0):
        raise BadDirective("simulator: count is a number of requests, or null")
    source = row["directive"]
    return Fault(str(row.get("provider") or "*"), parse(source), source, count)


def _fits(provider: str, directive: Mapping[str, Any], slug: str, model: str | None) -> bool:
    return (
        provider in ("*", slug)
        and directive.get("provider", slug) == slug
        and directive.get("model", model) == model
    )


def written(found: Mapping[str, Any]) -> str | None:
    """A directive as text again, for the log."""
    words = [
        name if value is True or value == "" else f"{name}={value}" for name, value in found.items()
    ]
    return " ".join(words) or None
