"""What credits buy: requests a second, free requests of today, and about how many answers.

An answer costs what the user's last ones of his default model cost on average. Who has none yet is
told of a typical one: PROMPT_TOKENS in, COMPLETION_TOKENS out, at the price of the catalog.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.conf import settings

from accounts.models import User
from billing.limit_figures import free_requests_since, requests_per_second
from billing.models import Generation
from catalog import live
from openrouter_site.money import cost_nano

PROMPT_TOKENS = 1_000
COMPLETION_TOKENS = 300
_RECENT = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What one answer of this model costs; `seen` of the user's own say so, or, with 0 of them, the
    price of a typical one. None: nobody knows; 0: nothing."""

    model_id: str
    cost_nano: int | None
    seen: int = 0

    def bought_by(self, amount_nano: int) -> int | None:
        """About how many; None where they cost nothing or nobody knows."""
        return max(0, amount_nano) // self.cost_nano if self.cost_nano else None


@dataclass(frozen=True, slots=True)
class PurchasingPower:
    requests_per_second: int
    requests_per_second_max: int
    free_left_today: int
    free_per_day: int
    answer: Answer
    answers: int | None


def of(user: User, available_nano: int, now: datetime) -> PurchasingPower:
    """Two queries."""
    begin = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    used = free_requests_since(user.pk, begin).count()
    answer = usual_answer(user)
    return PurchasingPower(
        requests_per_second=requests_per_second(available_nano),
        requests_per_second_max=settings.RATE_LIMIT_SURGE,
        free_left_today=max(0, settings.FREE_REQUESTS_PER_DAY - used),
        free_per_day=settings.FREE_REQUESTS_PER_DAY,
        answer=answer,
        answers=answer.bought_by(available_nano),
    )


def usual_answer(user: User) -> Answer:
    model_id = user.default_model or settings.DEFAULT_MODEL
    rows = Generation.objects.filter(user_id=user.pk, model=model_id, cost_nano__gt=0)
    costs = list(rows.order_by("-created_at").values_list("cost_nano", flat=True)[:_RECENT])
    if costs:
        return Answer(model_id, max(1, sum(costs) // len(costs)), len(costs))
    return Answer(model_id, _typical_nano(model_id))


def _typical_nano(model_id: str) -> int | None:
    model = live.catalog().models.get(model_id)
    if model is None or model.kind != "chat":
        return None
    prices = model.prices
    return cost_nano(
        (
            (PROMPT_TOKENS, prices.prompt_pico),
            (COMPLETION_TOKENS, prices.completion_pico),
            (1, prices.request_pico),
        )
    )
