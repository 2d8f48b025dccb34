"""Admit, settle: the only door to money for requests. One Cashier per server process."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass

import orjson
from django.conf import settings

from billing.book import GenerationRow
from billing.capture import Settle
from billing.journal import Journal
from billing.ledger import Admit, Progress, Resize
from billing.writer import LedgerDown, Writer
from openrouter_site.errors import Unavailable


@dataclass(slots=True)
class Hold:
    """Credits set aside for one generation. `granted_nano` is 0 for a free one.

    `settle` once; a hold that is never settled is released or charged by recovery. `refused` tells,
    a moment after `progress`, that the "key" or the "account" may not go on.
    """

    cashier: Cashier
    id: str
    account_id: str
    key_id: int
    granted_nano: int
    settlement: asyncio.Future[int] | None = None
    refused: str = ""

    async def resize(self, amount_nano: int, minimum_nano: int) -> None:
        """Make it larger for a dearer model; raises billing.ledger.LedgerError."""
        if amount_nano > self.granted_nano:
            self.granted_nano = await self.cashier.writer.submit(
                Resize(
                    account_id=self.account_id,
                    key_id=self.key_id,
                    hold_id=self.id,
                    amount_nano=amount_nano,
                    minimum_nano=minimum_nano,
                )
            )

    def progress(self, delivered_nano: int, delivered_tokens: int) -> None:
        """Note what a crash now would have to charge. Does not wait; `refused` follows."""
        if self.settlement is not None:
            return
        noted = Progress(
            account_id=self.account_id,
            key_id=self.key_id,
            hold_id=self.id,
            progress_nano=delivered_nano,
            progress_tokens=delivered_tokens,
        )
        # When too much is waiting this note is left out; the next one says more anyway.
        with contextlib.suppress(Unavailable, LedgerDown):
            self.cashier.writer.submit(noted).add_done_callback(self._noted)

    def _noted(self, noted: asyncio.Future[str]) -> None:
        if not noted.cancelled() and noted.exception() is None:
            self.refused = noted.result()

    async def settle(self, generation: GenerationRow) -> int:
        """Charge `generation.cost_nano` (0 releases all); durable when it returns the charge.

        A second call waits for the first. Raises billing.writer.LedgerDown when neither the
        database nor the journal took it.
        """
        if self.settlement is None:
            self.settlement = self.cashier.writer.submit(
                Settle(
                    account_id=self.account_id,
                    key_id=self.key_id,
                    hold_id=self.id,
                    cost_nano=generation.cost_nano,
                    generation=generation,
                    overrun=settings.OVERRUN_POLICY,
                )
            )
        charged_nano = await asyncio.shield(self.settlement)
        if settings.OVERRUN_POLICY == "charge":
            return charged_nano
        # The journal does not know the hold; what is replayed later is cut to it.
        return min(charged_nano, self.granted_nano)


class Cashier:
    """The writer of this process and its name in the table of instances."""

    def __init__(self) -> None:
        self.instance_id = uuid.uuid4().hex
        self.journal = Journal(settings.DATA_DIR / "journal", self.instance_id)
        self.writer = Writer(self.journal)

    async def admit(
        self,
        *,
        account_id: str,
        key_id: int,
        amount_nano: int,
        minimum_nano: int,
        generation: GenerationRow,
    ) -> Hold:
        """Set aside up to `amount_nano`, at least `minimum_nano`, durably.

        `generation` is what recovery would record. Raises billing.ledger.LedgerError,
        billing.writer.LedgerDown, or Unavailable when too much is waiting.
        """
        granted_nano = await self.writer.submit(
            Admit(
                account_id=account_id,
                key_id=key_id,
                hold_id=generation.id,
                amount_nano=amount_nano,
                minimum_nano=minimum_nano,
                details=orjson.dumps(generation).decode() if amount_nano else "{}",
                instance_id=self.instance_id,
                ttl_s=settings.HOLD_TTL_S,
            )
        )
        return Hold(self, generation.id, account_id, key_id, granted_nano)
