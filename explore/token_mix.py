"""What a month costs: somebody's own tokens of the last 30 days, at the prices of any model."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import DatabaseError
from django.utils import timezone

from accounts import time_zones
from accounts.models import User
from activity import periods
from activity.reading import Reading
from activity.scope import Scope
from catalog.snapshot import Model
from openrouter_site import money

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenMix:
    """`spent_nano` is what was charged for it; None for an example."""

    prompt_tokens: int
    completion_tokens: int
    requests: int
    spent_nano: int | None = None

    @property
    def is_own(self) -> bool:
        return self.spent_nano is not None


EXAMPLE = TokenMix(1_000_000, 250_000, 1_000)


def token_mix(user: User | None) -> TokenMix:
    """The user's own, of the last 30 days; the example for nobody, and where nothing was used."""
    if user is None:
        return EXAMPLE
    zone = time_zones.zone(user.time_zone)
    period = periods.last("30d", timezone.now(), zone)
    try:
        cells = Reading.of(Scope(user.pk)).usage(period.begin, period.end)
    except DatabaseError:
        logger.warning("The usage of an account cannot be read", exc_info=True)
        return EXAMPLE
    used = cells.get((0, ()))
    if used is None or not used.tokens:
        return EXAMPLE
    return TokenMix(used.tokens_prompt, used.tokens_completion, used.requests, used.cost_nano)


def cost_nano(mix: TokenMix, model: Model) -> int:
    """At the model's price, images left out; rounded once, half up."""
    return money.cost_nano(
        [
            (mix.prompt_tokens, model.prices.prompt_pico),
            (mix.completion_tokens, model.prices.completion_pico),
            (mix.requests, model.prices.request_pico),
        ]
    )
