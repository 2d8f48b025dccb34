"""What nobody needs any more: closed holds after some days, and processes that died long ago.

Generations and transfers stay for ever. A hold stays as long as one of its transfers is recent, so
that the checker (I4) can hold the two against each other.
"""

from __future__ import annotations

from contextlib import closing

from django.conf import settings

from openrouter_site.database import Connection, connect

_DAY_S = 86_400
_ROWS_AT_ONCE = 1_000
_INSTANCES_KEPT_S = _DAY_S


def prune() -> tuple[int, int]:
    """How many holds and how many instances were deleted."""
    with closing(connect()) as connection:
        return _holds(connection), _instances(connection)


def _holds(connection: Connection) -> int:
    """Some at a time, so that no request waits long for us."""
    since = connection.seconds_ago(settings.HOLDS_KEPT_DAYS * _DAY_S)
    sql = (
        "DELETE FROM billing_hold WHERE id IN (SELECT h.id FROM billing_hold AS h"
        f" WHERE h.state <> 'open' AND h.expires_at < {since} AND NOT EXISTS ("
        f"SELECT 1 FROM billing_transfer AS t WHERE t.ref = h.id AND t.created_at > {since})"
        f" LIMIT {_ROWS_AT_ONCE}) RETURNING id"
    )
    total = 0
    while True:
        with connection.transaction():
            deleted = len(connection.execute(sql))
        total += deleted
        if deleted < _ROWS_AT_ONCE:
            return total


def _instances(connection: Connection) -> int:
    """A process that is silent for a day has no open holds: recovery closed them."""
    since = connection.seconds_ago(_INSTANCES_KEPT_S)
    with connection.transaction():
        gone = connection.execute(
            f"DELETE FROM billing_instance WHERE last_seen < {since} AND NOT EXISTS ("
            "SELECT 1 FROM billing_hold AS h WHERE h.instance_id = billing_instance.id"
            " AND h.state = 'open') RETURNING id"
        )
    return len(gone)
