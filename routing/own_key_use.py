"""When callers' own provider keys last served, and how they last failed: for their owners to see.

Remembered in memory and written every few seconds, so that no request waits for it. What a process
that dies has not written yet is lost; it was a matter of seconds.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from django.db import DatabaseError

from accounts import provider_keys
from accounts.provider_keys import Use
from openrouter_site.database import orm_connection
from routing.chunk import Failure
from routing.keyring import is_of_credential
from routing.refusal import shown

logger = logging.getLogger(__name__)

KEYS_MAX = 10_000


class OwnKeyUse:
    """One for the process. Ids are those of accounts.own_providers: `own:<row>:<version>`."""

    def __init__(self) -> None:
        self._seen: dict[int, Use] = {}

    def served(self, id: str) -> None:
        if (use := self._use(id)) is not None:
            use.used_at = datetime.now(UTC)

    def failed(self, id: str, failure: Failure) -> None:
        """A failure that is the request's own is no word on the key, and may repeat the prompt."""
        is_of_key = is_of_credential(failure) or failure.status in (0, 404) or failure.status >= 500
        if is_of_key and (use := self._use(id)) is not None:
            use.failed_at, use.error = datetime.now(UTC), f"{failure.status}: {shown(failure)}"

    def _use(self, id: str) -> Use | None:
        row = int(id.split(":")[1])
        if row not in self._seen and len(self._seen) >= KEYS_MAX:
            return None
        return self._seen.setdefault(row, Use())

    async def watch(self, interval_s: float) -> None:
        """Ends when cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            await self.flush()

    async def flush(self) -> None:
        seen, self._seen = self._seen, {}
        if not seen:
            return
        try:
            await asyncio.to_thread(_write, seen)
        except DatabaseError:
            logger.warning("the use of own provider keys was not noted", exc_info=True)


def _write(seen: dict[int, Use]) -> None:
    with orm_connection():
        provider_keys.note_use(seen)
