"""What the nightly pruning takes, what it leaves, and that the checker has nothing to say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import ON_POSTGRESQL
from ledger_rows import admit, person, recover, settle, write

from billing import prune, tasks
from billing.models import Generation, Hold, Instance, Transfer

NOW = datetime.now(UTC)


@pytest.fixture
def aged(ledger_database, connection):
    """`aged(days, *ids)`: as if these holds, with their transfers, were so old."""

    def age(days, *ids):
        moment = connection.moment(NOW - timedelta(days=days))
        off, on = (
            ("ALTER TABLE billing_transfer DISABLE TRIGGER USER",
             "ALTER TABLE billing_transfer ENABLE TRIGGER USER")
            if ON_POSTGRESQL
            else ("DROP TRIGGER transfer_no_update", None)
        )  # fmt: skip
        connection.execute(off)
        for id in ids:
            connection.execute("UPDATE billing_hold SET expires_at = ? WHERE id = ?", (moment, id))
            connection.execute(
                "UPDATE billing_transfer SET created_at = ? WHERE ref = ?", (moment, id)
            )
        if on:
            connection.execute(on)
        else:
            connection.execute(
                """CREATE TRIGGER transfer_no_update BEFORE UPDATE ON billing_transfer
                   BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END"""
            )

    return age


def test_closed_holds_go_after_seven_days_and_nothing_else(books, tmp_path, aged):
    alice = person()
    ids = [f"gen-{number}" for number in range(1, 7)]
    write(
        tmp_path, *(admit(alice, 1000, id=id) for id in ids),
        settle(alice, "gen-1", 700), settle(alice, "gen-2", 0), recover(alice, "gen-3"),
        settle(alice, "gen-4", 700), settle(alice, "gen-5", 1000),
    )  # fmt: skip
    aged(7.1, "gen-1", "gen-2", "gen-3", "gen-5")
    aged(6.9, "gen-4")
    tasks.prune()
    assert set(Hold.objects.values_list("pk", flat=True)) == {"gen-4", "gen-6"}
    assert Transfer.objects.filter(kind="capture").count() == 3
    assert Generation.objects.count() == 4
    write(tmp_path, settle(alice, "gen-6", 0))


def test_open_hold_stays_however_old(books, tmp_path, aged):
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1"))
    aged(30, "gen-1")
    assert prune.prune() == (0, 0)
    write(tmp_path, settle(alice, "gen-1", 5))


def test_hold_whose_transfer_is_new_stays(books, tmp_path, aged):
    """A settlement may come days late, out of the journal."""
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1"), settle(alice, "gen-1", 5))
    Hold.objects.update(expires_at=NOW - timedelta(days=30))
    assert prune.prune() == (0, 0)


def test_more_than_fit_at_once_go_in_several_steps(books, tmp_path, aged, monkeypatch):
    monkeypatch.setattr(prune, "_ROWS_AT_ONCE", 3)
    alice = person()
    ids = [f"gen-{number}" for number in range(7)]
    write(tmp_path, *(admit(alice, 10, id=id) for id in ids), *(settle(alice, id, 1) for id in ids))
    aged(8, *ids)
    assert prune.prune() == (7, 0)
    assert prune.prune() == (0, 0)


def test_late_repetition_of_a_settlement_charges_nothing(books, tmp_path, aged):
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1"), settle(alice, "gen-1", 700))
    aged(8, "gen-1")
    prune.prune()
    (outcome,) = write(tmp_path, settle(alice, "gen-1", 700))
    assert type(outcome).__name__ == "HoldMissing"
    assert Transfer.objects.filter(kind="capture").count() == 1


def test_dead_processes_are_forgotten_unless_they_left_a_hold(books, tmp_path):
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1", instance_id="held"))
    for id, days in (("dead", 2), ("held", 2), ("alive", 0)):
        Instance.objects.create(id=id, last_seen=NOW - timedelta(days=days))
    assert prune.prune() == (0, 1)
    assert set(Instance.objects.values_list("pk", flat=True)) == {"held", "alive"}
    write(tmp_path, settle(alice, "gen-1", 5))
