"""Which model the examples on a page ask for: one that answers whoever copies them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from billing.standing import Level, standing
from catalog.snapshot import Catalog, Model


@dataclass(frozen=True, slots=True)
class Example:
    """`lacks_credits`: it would be answered with 402."""

    model: str
    lacks_credits: bool = False


def chosen(catalog: Catalog, payer: User | None, allowed: Sequence[str] = ()) -> Example:
    """The payer's usual model, if somebody serves it and there are credits for it; else another.
    Without credits a free one. Only of those `allowed`, if any are named."""
    level = standing(payer).level if payer else Level.FINE
    can_pay = level in {Level.FINE, Level.LOW}
    names = allowed or [*([payer.default_model] if payer else ()), settings.DEFAULT_MODEL]
    wanted = [catalog.models[name] for name in names if name in catalog.models]
    others = () if allowed else (each for each in catalog.models.values() if not each.routes_to)
    answering = [model for model in (*wanted, *others) if _answers(model)]
    free = [model for model in answering if _is_free(model)]
    if free and not can_pay:
        return Example(free[0].id, lacks_credits=level is not Level.EMPTY)
    return Example(answering[0].id if answering else names[-1], lacks_credits=not can_pay)


def _answers(model: Model) -> bool:
    return bool(model.routes_to or (model.served_by and model.kind == "chat"))


def _is_free(model: Model) -> bool:
    served = model.served_by
    return bool(served) and all(endpoint.prices.is_free for endpoint in served)
