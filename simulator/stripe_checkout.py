"""Checkout sessions and the payment on their page."""

from __future__ import annotations

import time

from simulator.stripe_cards import CARDS, MESSAGES, Card
from simulator.stripe_errors import invalid
from simulator.stripe_payments import charge, decline, succeed
from simulator.stripe_world import Object, World

_DAY_S = 86_400


def create(world: World, form: Object, origin: str) -> Object:
    if form.get("mode") != "payment":
        raise invalid("Only payment mode is played here.", "mode")
    if "customer" in form:
        world.get("customer", form["customer"])
    session = world.make(
        "checkout.session",
        mode="payment",
        status="open",
        payment_status="unpaid",
        currency=_currency(form),
        amount_total=_total(form),
        client_reference_id=form.get("client_reference_id"),
        customer=form.get("customer"),
        metadata=form.get("metadata", {}),
        payment_intent=None,
        success_url=form.get("success_url"),
        cancel_url=form.get("cancel_url"),
        expires_at=int(time.time()) + _DAY_S,
    )
    session["url"] = f"{origin}/stripe/pay/{session['id']}"
    world.forms[session["id"]] = form
    return session


def items_of(world: World, session: Object) -> list[tuple[str, int]]:
    """Names and cents, for the page."""
    return _lines(world.forms[session["id"]])


def _lines(form: Object) -> list[tuple[str, int]]:
    return [
        (
            item["price_data"]["product_data"]["name"],
            int(item["price_data"]["unit_amount"]) * int(item.get("quantity", 1)),
        )
        for item in _items(form)
    ]


def _items(form: Object) -> list[Object]:
    items = form.get("line_items")
    if not isinstance(items, list) or not items:
        raise invalid("Missing required param: line_items.", "line_items")
    return items


def _currency(form: Object) -> str:
    try:
        found = {item["price_data"]["currency"] for item in _items(form)}
    except (KeyError, TypeError):
        raise invalid("Missing required param: price_data[currency].", "line_items") from None
    if len(found) != 1:
        raise invalid("All prices must have the same currency.", "line_items")
    return str(found.pop())


def _total(form: Object) -> int:
    try:
        lines = _lines(form)
    except (KeyError, TypeError, ValueError):
        raise invalid("Invalid line item.", "line_items") from None
    total = sum(cents for _, cents in lines)
    if total < 50 or not all(name for name, _ in lines):
        raise invalid("The total amount must be at least $0.50 usd.", "line_items")
    return total


def pay(world: World, session: Object, number: str) -> str:
    """Somebody submitted the page; what to tell him, "" when it is paid or under way."""
    if session["status"] != "open":
        return "This page is not open any more."
    card = CARDS.get(number)
    if card is None:
        return "Your card number is invalid."
    intent = _intent(world, session, world.forms[session["id"]])
    intent["payment_method"] = _method(world, number, card, intent["customer"])
    if card.declines:
        decline(world, intent, card.declines)
        return MESSAGES[card.declines]
    session.update(status="complete", payment_intent=intent["id"], customer=intent["customer"])
    if card.is_slow:
        intent["status"] = "processing"
        world.tell("checkout.session.completed", session)
        return ""
    session["payment_status"] = "paid"
    succeed(world, intent, charge(world, intent))
    world.tell("checkout.session.completed", session)
    return ""


def _intent(world: World, session: Object, form: Object) -> Object:
    asked = form.get("payment_intent_data", {})
    customer = session["customer"]
    if customer is None and form.get("customer_creation") == "always":
        customer = world.make("customer", email="somebody@example.com", metadata={})["id"]
    return world.make(
        "payment_intent",
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer,
        status="requires_payment_method",
        metadata=asked.get("metadata", {}),
        setup_future_usage=asked.get("setup_future_usage"),
        payment_method=None,
        latest_charge=None,
        last_payment_error=None,
    )


def _method(world: World, number: str, card: Card, customer: str | None) -> str:
    method = world.make(
        "payment_method", type="card", customer=customer, metadata={},
        card={"brand": card.brand, "last4": number[-4:]},
    )  # fmt: skip
    world.cards[method["id"]] = number
    return str(method["id"])


def settle(world: World, session: Object, is_paid: bool) -> None:
    """The slow bank made up its mind."""
    intent = world.get("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        raise invalid("There is nothing to settle.")
    if is_paid:
        session["payment_status"] = "paid"
        succeed(world, intent, charge(world, intent))
        world.tell("checkout.session.async_payment_succeeded", session)
    else:
        decline(world, intent, "insufficient_funds")
        world.tell("checkout.session.async_payment_failed", session)


def expire(world: World, session: Object) -> Object:
    if session["status"] != "open":
        raise invalid('Only Checkout Sessions with a status in ["open"] can be expired.')
    session.update(status="expired", url=None)
    world.tell("checkout.session.expired", session)
    return session
