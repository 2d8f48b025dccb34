"""Whose holds are orphans, and what becomes of them; the journal's files."""

from __future__ import annotations

import resource
import threading

import pytest
from ledger_rows import DOLLAR, admit, person, settle, write

from billing import recovery
from billing.journal import Journal
from billing.ledger import Progress
from billing.models import Account, Generation, Hold


def progress(person, hold_id, nano, tokens=3):
    return Progress(
        account_id=person.account_id, key_id=person.key_id, hold_id=hold_id,
        progress_nano=nano, progress_tokens=tokens,
    )  # fmt: skip


def states():
    return dict(Hold.objects.values_list("id", "state"))


def test_holds_of_the_silent_and_the_expired_are_closed_those_of_the_living_are_not(
    books, connection, tmp_path
):
    alice = person(credits_nano=DOLLAR)
    recovery.arrive("living")
    recovery.arrive("silent")
    connection.execute(
        f"UPDATE billing_instance SET last_seen = {connection.seconds_ago(31)} WHERE id = ?",
        ("silent",),
    )
    write(
        tmp_path,
        admit(alice, 1000, id="living", instance_id="living"),
        admit(alice, 1000, id="silent", instance_id="silent"),
        admit(alice, 1000, id="unknown", instance_id="unknown"),
        admit(alice, 1000, id="expired", instance_id="living", ttl_s=-1),
        progress(alice, "silent", 400),
    )
    assert recovery.reap(connection) == 3
    assert recovery.reap(connection) == 0
    recovered = {"silent": "recovered", "unknown": "recovered", "expired": "recovered"}
    assert states() == {"living": "open", **recovered}
    account = Account.objects.get()
    assert (account.posted_nano, account.held_nano) == (DOLLAR - 400, 1000)
    row = Generation.objects.get()
    assert (row.id, row.cost_nano, row.tokens_completion) == ("silent", 400, 3)
    assert row.finish_reason == "error"


def test_holds_of_a_process_that_left_are_closed_at_once(books, connection, tmp_path):
    alice = person(credits_nano=DOLLAR)
    recovery.arrive("one")
    write(tmp_path, admit(alice, 1000, id="gen-1", instance_id="one"))
    assert recovery.reap(connection) == 0
    recovery.depart("one")
    assert recovery.reap(connection) == 1


def test_more_orphans_than_one_transaction_takes(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    for begin in range(0, 1200, 600):
        ids = range(begin, begin + 600)
        write(tmp_path, *(admit(alice, 100, id=f"gen-{n}") for n in ids))
    recovery.sweep(Journal(tmp_path / "journal", "another"))
    assert set(states().values()) == {"recovered"}
    assert Account.objects.get().held_nano == 0


def test_hold_that_cannot_be_recovered_does_not_stop_the_others(books, connection, tmp_path):
    alice = person(credits_nano=DOLLAR)
    write(
        tmp_path,
        *(admit(alice, 1000, id=f"gen-{n}") for n in range(4)),
        *(progress(alice, f"gen-{n}", 400) for n in range(4)),
    )
    connection.execute("UPDATE billing_hold SET details = '{' WHERE id = 'gen-2'")
    assert recovery.reap(connection) == 3
    assert [id for id, state in states().items() if state == "open"] == ["gen-2"]


def test_whatever_is_acknowledged_while_files_are_claimed_is_read(books, tmp_path):
    """Four journals are written, one process claims all the time: no line falls between them."""
    alice = person()
    folder = tmp_path / "journal"
    found, stop = [], threading.Event()

    def append(name):
        journal = Journal(folder, name)
        for number in range(60):
            journal.append(settle(alice, f"{name}-{number}", 1))

    def claim():
        journal = Journal(folder, "claimer")
        last = False
        while not last:
            last = stop.is_set()
            for path in journal.claim():
                found.extend(each.hold_id for each in Journal.read(path))
                Journal.finish(path)

    claimer = threading.Thread(target=claim)
    appenders = [threading.Thread(target=append, args=(f"p{n}",)) for n in range(4)]
    for thread in [claimer, *appenders]:
        thread.start()
    for thread in appenders:
        thread.join()
    stop.set()
    claimer.join()
    assert sorted(found) == sorted(f"p{n}-{number}" for n in range(4) for number in range(60))


def test_full_disk_is_an_error_and_spoils_no_later_line(books, tmp_path):
    alice = person()
    journal = Journal(tmp_path, "one")
    journal.append(settle(alice, "gen-1", 1))
    size = (tmp_path / "one.jsonl").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))
    try:
        with pytest.raises(OSError, match="full"):
            journal.append(settle(alice, "gen-2", 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.append(settle(alice, "gen-3", 1))
    (path,) = journal.claim()
    assert [each.hold_id for each in Journal.read(path)] == ["gen-1", "gen-3"]


def test_clock_of_the_process_does_not_decide_when_a_hold_expires(books, connection, tmp_path):
    """Its time is the database's; see test_ledger for periods."""
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1", ttl_s=60))
    ((late,),) = connection.execute(
        f"SELECT COUNT(*) FROM billing_hold WHERE expires_at < {connection.seconds_ago(-70)}"
        f" AND expires_at > {connection.seconds_ago(-50)}"
        if connection.for_update
        else "SELECT COUNT(*) FROM billing_hold WHERE expires_at BETWEEN"
        " strftime('%Y-%m-%d %H:%M:%f', 'now', '+50 seconds')"
        " AND strftime('%Y-%m-%d %H:%M:%f', 'now', '+70 seconds')"
    )
    assert late == 1
