"""Why a request would go where it would: what POST /api/v1/route answers, for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync

from accounts.callers import Caller
from catalog.snapshot import Model
from explore.planning import planned
from openrouter_site.errors import ApiError
from openrouter_site.money import NANO_PER_DOLLAR
from routing.leg import measure
from routing.rehearsal import rehearse
from routing.request import parse

JsonObject = dict[str, Any]

BODY_CHARACTERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint that would be tried; costs in nano-dollars, `odds_percent` to be the first."""

    provider: str
    tag: str
    is_own: bool
    is_stable: bool
    odds_percent: int
    max_tokens: int
    estimated_nano: int
    worst_nano: int
    ignored_parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """One model with its endpoints, in the order to try."""

    model_id: str
    prompt_tokens: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """What would happen; or the error that the API would answer. `dropped` are {model, provider,
    reason}, `steps` what would be done to the request before it is sent."""

    routes: tuple[ModelRoute, ...] = ()
    dropped: tuple[JsonObject, ...] = ()
    passed_over: tuple[JsonObject, ...] = ()
    steps: tuple[str, ...] = ()
    worst_nano: int = 0
    error: ApiError | None = None

    @property
    def remedy(self) -> str:
        return str((self.error.metadata or {}).get("remedy_hint", "")) if self.error else ""


def example(model: Model) -> str:
    """The body to begin with."""
    body = {"model": model.id, "messages": [{"role": "user", "content": "Say hello"}]}
    return json.dumps(body, indent=2)


def explain(body: str, caller: Caller) -> Explained:
    """Nothing is sent or charged; bad bodies are told as the API would tell them."""
    try:
        request = parse(body.encode(errors="replace"), completion=False)
        plan = planned(request, caller, async_to_sync(measure)(request))
        return _made(async_to_sync(rehearse)(plan))
    except ApiError as error:
        return Explained(dropped=tuple((error.metadata or {}).get("dropped", ())), error=error)


def _made(route: JsonObject) -> Explained:
    return Explained(
        routes=tuple(
            ModelRoute(each["model"], each["prompt_tokens"], _candidates(each["endpoints"]))
            for each in route["routes"]
        ),
        dropped=tuple(route["dropped"]),
        passed_over=tuple(route["passed_over"]),
        steps=tuple(each["summary"] for each in route["pipeline"]),
        worst_nano=_nano(route["worst_cost"]),
    )


def _candidates(endpoints: list[JsonObject]) -> tuple[Candidate, ...]:
    """The likeliest first: whom this plan drew says nothing of the next one."""
    return tuple(map(_candidate, sorted(endpoints, key=lambda each: -each["odds"])))


def _candidate(endpoint: JsonObject) -> Candidate:
    return Candidate(
        provider=endpoint["provider"],
        tag=endpoint["tag"],
        is_own=endpoint["own_key"],
        is_stable=endpoint["stable"],
        odds_percent=round(100 * endpoint["odds"]),
        max_tokens=endpoint["max_tokens"],
        estimated_nano=_nano(endpoint["estimated_cost"]),
        worst_nano=_nano(endpoint["worst_cost"]),
        ignored_parameters=tuple(endpoint["ignored_parameters"]),
    )


def _nano(amount: float) -> int:
    """Back to the integer that it was made of (openrouter_site.money.dollars)."""
    return round(amount * NANO_PER_DOLLAR)
