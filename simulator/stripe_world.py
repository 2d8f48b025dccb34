"""One Stripe account: its objects, what it remembers of idempotency keys, its events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.ids import new_id
from simulator.stripe_errors import missing

Object = dict[str, Any]

PREFIXES = {
    "checkout.session": "cs_test",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "customer": "cus",
    "payment_method": "pm",
    "balance_transaction": "txn",
    "event": "evt",
    "webhook_endpoint": "we",
}


@dataclass
class Fault:
    """The next `times` calls of a path end so: before they do anything, or after they did it."""

    path: str
    status: int
    times: int
    after: bool


@dataclass
class Remembered:
    """What the first call with an idempotency key asked and got."""

    asked: str
    status: int
    body: Object


@dataclass
class World:
    objects: dict[str, Object] = field(default_factory=dict)
    remembered: dict[str, Remembered] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    deliveries: list[Object] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)
    """Numbers by payment method; they are in no answer."""
    forms: dict[str, Object] = field(default_factory=dict)
    """What a session was asked for with, by its id."""
    is_held: bool = False
    fresh: list[str] = field(default_factory=list)
    """Events that are not on their way yet."""

    def make(self, kind: str, **fields: Any) -> Object:
        length = 58 if kind == "checkout.session" else 24
        made: Object = {
            "id": new_id(f"{PREFIXES[kind]}_{{alnum{length}}}"),
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
            **fields,
        }
        self.objects[made["id"]] = made
        return made

    def get(self, kind: str, id: str) -> Object:
        found = self.objects.get(id)
        if found is None or found["object"] != kind:
            raise missing(kind, id)
        return found

    def each(self, kind: str) -> Iterator[Object]:
        """Newest first."""
        return (found for found in reversed(list(self.objects.values())) if found["object"] == kind)

    def tell(self, kind: str, about: Object) -> None:
        """An event: a picture of the object as it is now."""
        event = self.make(
            "event",
            api_version="2026-10-28.endive",
            type=kind,
            data={"object": _picture(about)},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        self.fresh.append(event["id"])

    def book(self, kind: str, amount: int, source: Object) -> str:
        """A balance transaction: what moved in or out of the account."""
        return str(
            self.make(
                "balance_transaction", type=kind, amount=amount, net=amount, fee=0,
                currency="usd", source=source["id"], status="available",
            )["id"]
        )  # fmt: skip


def _picture(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _picture(each) for name, each in value.items()}
    return [_picture(each) for each in value] if isinstance(value, list) else value
