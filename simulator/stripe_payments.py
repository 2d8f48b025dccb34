"""Payment intents, charges, refunds and disputes."""

from __future__ import annotations

from simulator.stripe_cards import CARDS, MESSAGES, Card, error_code
from simulator.stripe_errors import declined, invalid
from simulator.stripe_world import Object, World


def integer(form: Object, name: str) -> int:
    try:
        value = int(form[name])
    except (KeyError, TypeError, ValueError):
        raise invalid(f"Invalid integer: {form.get(name)}", name) from None
    if value <= 0:
        raise invalid("This value must be greater than or equal to 1.", name)
    return value


def _card(world: World, intent: Object) -> Card:
    return CARDS[world.cards[intent["payment_method"]]]


def create_intent(world: World, form: Object) -> Object:
    """Off session, by a saved card: the only way that is played here."""
    customer = world.get("customer", form.get("customer", ""))
    method = world.get("payment_method", form.get("payment_method", ""))
    if method["customer"] != customer["id"]:
        raise invalid("The payment method belongs to no such customer.", "payment_method")
    if (form.get("confirm"), form.get("off_session")) != ("true", "true"):
        raise invalid("Only confirmed off-session payments are played here.", "off_session")
    intent = world.make(
        "payment_intent",
        amount=integer(form, "amount"),
        currency=form.get("currency", ""),
        customer=customer["id"],
        payment_method=method["id"],
        status="requires_confirmation",
        metadata=form.get("metadata", {}),
        latest_charge=None,
        last_payment_error=None,
    )
    world.tell("payment_intent.created", intent)
    card = _card(world, intent)
    if code := card.declines_saved or card.declines:
        decline(world, intent, code)
        raise declined(error_code(code), code, MESSAGES[code], dict(intent))
    if card.is_slow:
        intent["status"] = "processing"
        return intent
    succeed(world, intent, charge(world, intent))
    return intent


def charge(world: World, intent: Object) -> Object:
    made = world.make(
        "charge",
        amount=intent["amount"],
        amount_refunded=0,
        refunded=False,
        disputed=False,
        paid=True,
        status="succeeded",
        currency=intent["currency"],
        customer=intent["customer"],
        payment_intent=intent["id"],
        metadata=intent["metadata"],
    )
    made["receipt_url"] = f"https://pay.stripe.example/receipts/{made['id']}"
    made["balance_transaction"] = world.book("charge", intent["amount"], made)
    return made


def decline(world: World, intent: Object, code: str) -> None:
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {
        "type": "card_error", "code": error_code(code), "decline_code": code,
        "message": MESSAGES[code],
    }  # fmt: skip
    world.tell("payment_intent.payment_failed", intent)


def succeed(world: World, intent: Object, made: Object) -> None:
    intent.update(status="succeeded", latest_charge=made["id"], last_payment_error=None)
    world.tell("charge.succeeded", made)
    world.tell("payment_intent.succeeded", intent)
    if _card(world, intent).is_disputed:
        dispute(world, intent, made["amount"])


# --- Refunds -----------------------------------------------------------------------------------


def create_refund(world: World, form: Object) -> Object:
    intent = world.get("payment_intent", form.get("payment_intent", ""))
    if not intent["latest_charge"]:
        raise invalid("This PaymentIntent does not have a successful charge to refund.")
    made_of = world.get("charge", intent["latest_charge"])
    left = made_of["amount"] - made_of["amount_refunded"]
    amount = integer(form, "amount") if "amount" in form else left
    if made_of["disputed"]:
        raise invalid("Charge has been charged back.", code="charge_disputed")
    if not left:
        raise invalid("Charge has already been refunded.", code="charge_already_refunded")
    if amount > left:
        raise invalid(f"Refund amount is greater than unrefunded amount on charge (${left}).")
    fate = _card(world, intent).refund
    made = world.make(
        "refund",
        amount=amount,
        currency=made_of["currency"],
        charge=made_of["id"],
        payment_intent=intent["id"],
        metadata=form.get("metadata", {}),
        reason=form.get("reason"),
        status="pending" if fate == "pending" else "succeeded",
    )
    _count(made_of, amount)
    world.book("refund", -amount, made)
    world.tell("refund.created", made)
    world.tell("charge.refunded", made_of)
    if fate == "lost":
        settle_refund(world, made, is_paid=False)
    return made


def _count(made_of: Object, amount: int) -> None:
    made_of["amount_refunded"] += amount
    made_of["refunded"] = made_of["amount_refunded"] == made_of["amount"]


def settle_refund(world: World, refund: Object, is_paid: bool) -> None:
    """The bank took it, or sent it back."""
    if refund["status"] == "failed":
        raise invalid("This refund has failed.")
    refund["status"] = "succeeded" if is_paid else "failed"
    if not is_paid:
        _count(world.get("charge", refund["charge"]), -refund["amount"])
        world.book("refund_failure", refund["amount"], refund)
        world.tell("refund.failed", refund)
    world.tell("refund.updated", refund)
    world.tell("charge.refund.updated", refund)


# --- Disputes ----------------------------------------------------------------------------------


def dispute(world: World, intent: Object, amount: int | None = None) -> Object:
    made_of = world.get("charge", intent["latest_charge"] or "")
    made_of["disputed"] = True
    made = world.make(
        "dispute",
        amount=amount or made_of["amount"] - made_of["amount_refunded"],
        currency=made_of["currency"],
        charge=made_of["id"],
        payment_intent=intent["id"],
        reason="fraudulent",
        status="needs_response",
        is_charge_refundable=False,
        metadata={},
    )
    world.book("dispute", -made["amount"], made)
    world.tell("charge.dispute.created", made)
    world.tell("charge.dispute.funds_withdrawn", made)
    return made


def close_dispute(world: World, made: Object, status: str) -> Object:
    if made["status"] in ("won", "lost") or status not in ("won", "lost"):
        raise invalid("This dispute is already closed.")
    made["status"] = status
    if status == "won":
        world.get("charge", made["charge"])["disputed"] = False
        world.book("dispute_reversal", made["amount"], made)
        world.tell("charge.dispute.funds_reinstated", made)
    world.tell("charge.dispute.closed", made)
    return made
