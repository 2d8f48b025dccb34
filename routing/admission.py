"""Setting aside what a request may cost, before any byte of it goes to a provider."""

from __future__ import annotations

from django.conf import settings

from billing.book import GenerationRow
from billing.holds import Cashier
from billing.refusals import LedgerError
from billing.writer import LedgerDown
from openrouter_site.errors import PaymentRequired
from routing import refusal
from routing.exchange import Exchange
from routing.leg import Leg
from routing.pricing import hold_bounds

_OWN_KEY_HINT = " Or set never_fall_back of your own key: then nothing is held for one of ours."


async def admit(cashier: Cashier, exchange: Exchange, generation: GenerationRow, leg: Leg) -> None:
    """`set_aside` for the first leg; raises PaymentRequired, Unauthorized, Unavailable."""
    endpoints = leg.route.endpoints
    try:
        await set_aside(cashier, exchange, generation, leg)
    except LedgerError as error:
        refused = refusal.of_ledger(error, leg.size, endpoints, settings.SITE_URL)
        if isinstance(refused, PaymentRequired) and any(each.is_own for each in endpoints):
            metadata = refused.metadata or {}
            hint = f"{metadata.get('remedy_hint', '')}{_OWN_KEY_HINT}".strip()
            refused.metadata = metadata | {"remedy_hint": hint}
        raise refused from None
    except LedgerDown:
        raise refusal.unavailable() from None


async def set_aside(
    cashier: Cashier, exchange: Exchange, generation: GenerationRow, leg: Leg
) -> None:
    """A hold that covers the dearest way to serve this leg. Where nothing was held so far (a free
    model, a key of the caller's own), it is a new one. Raises LedgerError, LedgerDown."""
    amount_nano, minimum_nano = hold_bounds(leg.size, leg.route.endpoints)
    if exchange.hold is not None and (exchange.hold.granted_nano or not amount_nano):
        await exchange.hold.resize(amount_nano, minimum_nano)
        return
    exchange.hold = await cashier.admit(
        account_id=f"user:{generation.user_id}",
        key_id=generation.key_id or 0,
        amount_nano=amount_nano,
        minimum_nano=minimum_nano,
        generation=generation,
    )
