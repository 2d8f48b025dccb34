"""What answers could cost at most, before they are asked for: the plan without the request.

The figures are those of admission (routing.admission): what would be set aside for each, one after
the other, of what account, key and member have left. Nothing is sent, held or charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from accounts.keys import Key
from accounts.models import User
from billing import balances
from openrouter_site.errors import ApiError, BadRequest, Unavailable
from openrouter_site.money import format_amount
from playground import paying
from playground.commands import Estimate
from playground.saver import in_thread
from routing import media_request, request
from routing.complete import Engine
from routing.leg import Leg, leg_of, measure
from routing.plan import Plan
from routing.pricing import hold_bounds


@dataclass(frozen=True, slots=True)
class Price:
    """`worst_nano` would be set aside, or what is left, if that is at least `minimum_nano`."""

    prompt_tokens: int
    worst_nano: int
    minimum_nano: int


@dataclass(frozen=True, slots=True)
class Left:
    """What can be spent now, and what bounds it."""

    nano: int
    bound: str
    is_frozen: bool = False
    is_told: bool = True


async def estimate(engine: Engine, user: User, wanted: Estimate) -> dict[str, Any]:
    """The event `estimate`. Raises ApiError where nobody could pay at all."""
    key = await paying.key_of(user, wanted.account)
    try:
        left = await in_thread(lambda: _left(key))
    except DatabaseError:
        raise Unavailable(paying.NOT_NOW, retry_after_s=2) from None
    panes: dict[str, dict[str, Any]] = {}
    blocked, rest_nano = None, left.nano
    for pane, body in wanted.bodies.items():
        try:
            checked = await paying.body_of(user, body)
            price = await price_of(engine, key, checked, is_media="messages" not in body)
        except ApiError as error:
            panes[pane] = {"error": error.message}
        else:
            panes[pane] = _shown(price, left, rest_nano)
            rest_nano -= min(price.worst_nano, max(0, rest_nano))
        blocked = blocked or panes[pane].get("error")
    available = format_amount(max(0, left.nano)) if left.is_told else None
    return {
        "type": "estimate", "id": wanted.id, "panes": panes, "available": available,
        "blocked": blocked,
    }  # fmt: skip


def _shown(price: Price, left: Left, rest_nano: int) -> dict[str, Any]:
    """`rest_nano`: what the panes before it leave."""
    shown = {"prompt_tokens": price.prompt_tokens, "worst": format_amount(price.worst_nano)}
    if price.worst_nano and rest_nano < max(1, price.minimum_nano):
        return shown | {"error": _too_dear(left, price, rest_nano)}
    return shown


async def price_of(engine: Engine, key: Key, body: bytes, *, is_media: bool) -> Price:
    """Raises ApiError: BadRequest for what is asked, Unavailable where nobody may serve it."""
    if is_media:
        wanted = media_request.parse(body)
        model = engine.catalog().models.get(wanted.model)
        if model is None or model.kind != "media" or not model.media_pricing:
            raise BadRequest(f"{wanted.model} makes no 3D objects.", {"field": "model"})
        steps, outputs = wanted.num_inference_steps, wanted.num_outputs
        nano = media_request.cost_nano(model, steps, outputs)
        return Price(0, nano, nano)
    checked = request.parse(body, completion=False)
    plan = engine.plan(checked, key, await measure(checked))
    legs = await _legs(plan)
    # A fallback is only held for when it is reached: the first that can be paid is admitted.
    bounds = [hold_bounds(leg.size, leg.route.endpoints) for leg in legs]
    worst_nano = max(amount for amount, _ in bounds)
    return Price(plan.choice.size.prompt_tokens, worst_nano, min(least for _, least in bounds))


async def _legs(plan: Plan) -> list[Leg]:
    """The routes that take the prompt; raises what the first says where none does."""
    legs: list[Leg] = []
    first_error: BadRequest | None = None
    for route in plan.routes:
        try:
            legs.append(await leg_of(plan, route))
        except BadRequest as error:
            first_error = first_error or error
    if not legs and first_error is not None:
        raise first_error
    return legs


def _left(key: Key) -> Left:
    """Blocking."""
    account = balances.account_row(key.account_id)
    if account.frozen:
        return Left(0, "This account is frozen while a payment is disputed.", is_frozen=True)
    own, member = balances.budgets(key.id, timezone.now())
    credits_nano = balances.left_nano(account, ())
    left_nano = balances.left_nano(account, (own, member))
    if left_nano == credits_nano:
        # What an account has is its owner's to know.
        return Left(left_nano, "the account", is_told=key.member_id is None)
    of_key = balances.left_nano(account, (own,))
    return Left(
        left_nano, "the limit of the Playground's key" if of_key == left_nano else "your budget"
    )


def _too_dear(left: Left, price: Price, rest_nano: int) -> str:
    if left.is_frozen:
        return left.bound
    needed, rest = format_amount(price.minimum_nano), format_amount(max(0, rest_nano))
    if not left.is_told:
        return f"It needs ${needed}, and the account has less left."
    others = ", after the other panes" if rest_nano < left.nano else ""
    return f"It needs ${needed}, but {left.bound} has ${rest} left{others}."
