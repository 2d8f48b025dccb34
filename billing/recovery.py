"""After a crash: who is alive, whose holds are orphans, what the journal still owes.

Every server process notes each few seconds that it lives (by the database's clock). Any process
closes the open holds of one that fell silent, or that outlived every deadline.
"""

from __future__ import annotations

import asyncio
import logging

from django.conf import settings

from billing import batch
from billing.capture import Recover, Settle
from billing.journal import Journal
from openrouter_site.database import OUTAGES, Connection, connect

logger = logging.getLogger(__name__)

_HOLDS_PER_SWEEP = 500


def beat(connection: Connection, instance_id: str) -> None:
    """This process lives, says the database's clock."""
    connection.execute(
        f"INSERT INTO billing_instance (id, last_seen) VALUES (?, {connection.clock})"
        f" ON CONFLICT (id) DO UPDATE SET last_seen = {connection.clock}",
        (instance_id,),
    )


def leave(connection: Connection, instance_id: str) -> None:
    """This process ends; what it leaves open may be recovered at once."""
    connection.execute("DELETE FROM billing_instance WHERE id = ?", (instance_id,))


def reap(connection: Connection) -> int:
    """Close orphaned holds, some hundreds at a time; the number of them."""
    orphans = connection.execute(
        "SELECT h.id, h.account_id, h.key_id FROM billing_hold AS h"
        " LEFT JOIN billing_instance AS i ON i.id = h.instance_id"
        " WHERE h.state = 'open' AND (i.last_seen IS NULL"
        f" OR i.last_seen < {connection.seconds_ago(settings.INSTANCE_SILENT_S)}"
        f" OR h.expires_at < {connection.clock}) ORDER BY h.id LIMIT {_HOLDS_PER_SWEEP}"
    )
    if orphans:
        operations = [Recover(hold_id=row[0], account_id=row[1], key_id=row[2]) for row in orphans]
        closed = sum(outcome is not None for outcome in _recover(connection, operations))
        logger.warning("recovered %d holds of processes that died", closed)
        return closed
    return 0


def _recover(connection: Connection, operations: list[Recover]) -> list[int | None]:
    """Recover all; one that breaks a rule of the database stays open, the others do not."""
    try:
        return batch.run(connection, operations)
    except OUTAGES:
        raise
    except Exception:
        if len(operations) > 1:
            return [_recover(connection, [operation])[0] for operation in operations]
        logger.exception("hold %s cannot be recovered", operations[0].hold_id)
        return [None]


def replay(connection: Connection, journal: Journal) -> int:
    """Settle what is in the journal; the number of settlements. Files with one that was refused
    are kept, under another name."""
    count = 0
    for path in journal.claim():
        refused = 0
        for settlement in Journal.read(path):
            refused += not _replayed(connection, settlement)
            count += 1
        Journal.finish(path, keep=refused > 0)
    return count


def _replayed(connection: Connection, settlement: Settle) -> bool:
    """Whether the ledger took it; raises one of OUTAGES."""
    try:
        (outcome,) = batch.run(connection, [settlement])
    except OUTAGES:
        raise
    except Exception as error:
        outcome = error
    if isinstance(outcome, Exception):
        logger.error("settlement of %s was refused: %s", settlement.hold_id, type(outcome).__name__)
        return False
    return True


def sweep(journal: Journal) -> None:
    """The journal first: it knows better than recovery what is owed."""
    connection = connect()
    try:
        replay(connection, journal)
        while reap(connection):
            pass
    finally:
        connection.close()


def arrive(instance_id: str) -> None:
    connection = connect()
    try:
        beat(connection, instance_id)
    finally:
        connection.close()


def depart(instance_id: str) -> None:
    """`leave` on a connection of its own."""
    connection = connect()
    try:
        leave(connection, instance_id)
    finally:
        connection.close()


async def run(instance_id: str, journal: Journal) -> None:
    """For the life of a server process: beat and sweep. The first beat comes before any hold."""
    until_sweep_s = 0.0
    while True:
        try:
            await asyncio.to_thread(arrive, instance_id)
            if until_sweep_s <= 0:
                await asyncio.to_thread(sweep, journal)
                until_sweep_s = settings.REAPER_INTERVAL_S
        except OUTAGES as outage:
            logger.error("recovery cannot reach the database: %s", type(outage).__name__)
        except Exception:
            logger.exception("recovery failed; it will try again")
        await asyncio.sleep(settings.INSTANCE_HEARTBEAT_S)
        until_sweep_s -= settings.INSTANCE_HEARTBEAT_S
