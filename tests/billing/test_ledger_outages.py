"""Answers that are lost, databases that are gone: faults on the wire, and the books balance."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
from contextlib import closing, contextmanager

import pytest
from conftest import ON_POSTGRESQL
from django.conf import settings as django_settings
from django.db import connections
from ledger_rows import DOLLAR, admit, generation, person, settle, write, writer_of
from postgres_proxy import PostgresProxy

from billing import batch, recovery
from billing.holds import Cashier
from billing.journal import Journal
from billing.models import Account, Generation, Hold, Transfer
from billing.writer import LedgerDown, run_now
from openrouter_site import database
from openrouter_site.database import OUTAGES
from openrouter_site.errors import Unavailable

_HOLD_THE_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""

only_postgresql = pytest.mark.engine("postgresql")  # a wire to cut
only_sqlite = pytest.mark.engine("sqlite")  # a file to lock


@pytest.fixture
def proxy(books, monkeypatch, point_to):
    """PostgreSQL behind a proxy; the connections of the test itself go through it too."""
    monkeypatch.setenv("PGSSLMODE", "disable")
    monkeypatch.setenv("PGGSSENCMODE", "disable")
    row = django_settings.DATABASES["default"]
    port = row["PORT"]
    made = PostgresProxy(row["HOST"], port)
    point_to(str(made.port))
    yield made
    point_to(port)
    made.close()


@pytest.fixture
def outage(request, monkeypatch):
    """A context in which the database does not take anything."""
    if ON_POSTGRESQL:
        return _cut(request.getfixturevalue("proxy"))
    request.getfixturevalue("books")
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_S", 0.1)
    return _locked(django_settings.DATABASES["default"]["NAME"])


@contextmanager
def _cut(proxy):
    proxy.cut()
    yield
    proxy.is_down = False
    connections.close_all()  # the test's own was cut too


@contextmanager
def _locked(path):
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD_THE_LOCK, path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "locked\n"
    yield
    process.communicate("done\n", timeout=10)


def sweep(folder):
    connections.close_all()  # our own may have been cut too
    recovery.sweep(Journal(folder / "journal", "another process"))


@only_postgresql
@pytest.mark.parametrize("losses", [1, 2])
def test_lost_answer_to_a_commit_is_asked_for_again(proxy, tmp_path, losses):
    alice = person(credits_nano=DOLLAR)
    proxy.lose_commits = losses
    assert write(tmp_path, admit(alice, 1000, id="gen-1")) == [1000]
    proxy.lose_commits = losses
    assert write(tmp_path, settle(alice, "gen-1", 700)) == [700]
    assert proxy.lost == 2 * losses
    account = Account.objects.get()
    assert (account.posted_nano, account.held_nano) == (DOLLAR - 700, 0)


@only_postgresql
def test_hold_whose_answers_were_all_lost_is_released_by_the_next_commit(proxy, tmp_path):
    """Whoever asked for it was refused and will not settle it."""
    alice = person(credits_nano=DOLLAR)

    async def main():
        async with writer_of(tmp_path) as writer:
            proxy.lose_commits = 3
            with pytest.raises(LedgerDown):
                await writer.submit(admit(alice, 1000, id="gen-1"))
            assert proxy.lost == 3
            assert await writer.submit(admit(alice, 500, id="gen-2")) == 500

    asyncio.run(main())
    connections.close_all()
    assert dict(Hold.objects.values_list("id", "state")) == {"gen-1": "recovered", "gen-2": "open"}
    account = Account.objects.get()
    assert (account.posted_nano, account.held_nano) == (DOLLAR, 500)


@only_postgresql
def test_grant_whose_answer_is_lost_is_given_once(proxy):
    proxy.lose_commits = 1
    person(credits_nano=DOLLAR)
    assert proxy.lost == 1
    assert Account.objects.get().posted_nano == DOLLAR


@only_postgresql
def test_backends_terminated_under_load_lose_and_repeat_nothing(proxy, tmp_path):
    alice = person(credits_nano=DOLLAR)
    ids = [f"gen-{n}" for n in range(300)]
    done, rng = threading.Event(), random.Random(1)

    def terminate():
        with closing(database.connect()) as connection:
            while not done.wait(rng.uniform(0.05, 0.25)):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    async def life(writer, id):
        while True:
            try:
                await writer.submit(admit(alice, 1000, id=id))
                return await writer.submit(settle(alice, id, 700))
            except LedgerDown:
                await asyncio.sleep(0.05)

    async def main():
        async with writer_of(tmp_path) as writer:
            return await asyncio.gather(*(life(writer, id) for id in ids))

    killer = threading.Thread(target=terminate)
    killer.start()
    try:
        charged = asyncio.run(main())
    finally:
        done.set()
        killer.join()
    assert set(charged) == {700}
    sweep(tmp_path)
    assert Account.objects.get().posted_nano == DOLLAR - 300 * 700
    assert Transfer.objects.filter(kind="capture").count() == 300


@only_sqlite
def test_commit_whose_answer_was_never_seen_is_not_repeated(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    for operation in (admit(alice, 1000, id="gen-1"), settle(alice, "gen-1", 700)):
        with closing(database.connect()) as connection:
            (unseen,) = batch.run(connection, [operation])
        assert write(tmp_path, operation) == [unseen]
    assert Account.objects.get().posted_nano == DOLLAR - 700


def test_settlement_waits_in_the_journal_while_the_database_is_gone(outage, tmp_path):
    alice = person(credits_nano=DOLLAR)
    write(tmp_path, admit(alice, 1000, id="gen-1"))
    with outage:
        settled, refused = write(tmp_path, settle(alice, "gen-1", 700), admit(alice, 1000))
    assert settled == 700
    assert isinstance(refused, LedgerDown)
    assert Hold.objects.get().state == "open"
    assert len(list((tmp_path / "journal").iterdir())) == 1
    for _ in range(2):
        sweep(tmp_path)
        assert Account.objects.get().posted_nano == DOLLAR - 700
        assert list((tmp_path / "journal").iterdir()) == []
    assert Generation.objects.get().cost_nano == 700


def test_journal_is_replayed_before_holds_are_recovered(outage, tmp_path):
    """The process died after its settlement was in the journal: not a cent is recovered instead."""
    alice = person(credits_nano=DOLLAR)
    write(tmp_path, admit(alice, 1000, id="gen-1", instance_id="dead"))
    with outage:
        write(tmp_path, settle(alice, "gen-1", 700))
    sweep(tmp_path)
    assert (Hold.objects.get().state, Hold.objects.get().charged_nano) == ("captured", 700)


def test_settlement_in_the_journal_of_a_recovered_hold_corrects_it(outage, tmp_path):
    """Another machine recovered the hold, since it cannot see our journal."""
    alice = person(credits_nano=DOLLAR)
    write(tmp_path, admit(alice, 1000, id="gen-1", instance_id="dead"))
    with outage:
        write(tmp_path, settle(alice, "gen-1", 700))
    sweep(tmp_path / "elsewhere")
    assert Hold.objects.get().state == "recovered"
    sweep(tmp_path)
    assert (Hold.objects.get().state, Hold.objects.get().charged_nano) == ("captured", 700)


def test_torn_line_is_left_out_and_the_next_one_is_whole(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    write(tmp_path, admit(alice, 1000, id="gen-1"), admit(alice, 1000, id="gen-2"))
    journal = Journal(tmp_path / "journal", "dead")
    journal.append(settle(alice, "gen-1", 700))
    path = tmp_path / "journal" / "dead.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    journal.append(settle(alice, "gen-2", 600))
    path.write_bytes(path.read_bytes() + whole[:-20])
    sweep(tmp_path)
    assert Account.objects.get().posted_nano == DOLLAR - 1300


def test_settlement_that_is_refused_stops_no_other_and_is_kept(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    stranger = type(alice)(999_999, alice.account_id, alice.key_id)
    write(tmp_path, *(admit(alice, 1000, id=f"gen-{n}") for n in (1, 2)))
    journal = Journal(tmp_path / "journal", "dead")
    for settlement in (
        settle(stranger, "gen-1", 700),
        settle(alice, "gen-3", 1),
        settle(alice, "gen-2", 700),
    ):
        journal.append(settlement)
    sweep(tmp_path)
    assert Account.objects.get().posted_nano == DOLLAR - 700
    (kept,) = (tmp_path / "journal").iterdir()
    assert kept.name.endswith(".refused")
    sweep(tmp_path)
    assert len(Journal.read(kept)) == 3


def test_what_is_shown_to_the_client_is_what_replay_will_charge(outage, tmp_path, settings):
    """A generation dearer than its hold, while the database is gone."""
    settings.DATA_DIR = tmp_path
    alice = person(credits_nano=DOLLAR)
    draft = generation(alice, "gen-1")

    async def main():
        cashier = Cashier()
        cashier.writer.start()
        hold = await cashier.admit(
            account_id=alice.account_id, key_id=alice.key_id, amount_nano=1000, minimum_nano=1000,
            generation=draft,
        )  # fmt: skip
        draft.cost_nano = 1001
        with outage:
            shown = await hold.settle(draft)
        await cashier.writer.stop()
        return shown

    assert asyncio.run(main()) == 1000
    sweep(tmp_path)
    assert Generation.objects.get().cost_nano == 1000
    Transfer.objects.get(kind="overrun")
    assert run_now(settle(alice, "gen-1", 1001)) == 1000
    _balance_the_overrun(tmp_path, alice)


def _balance_the_overrun(tmp_path, alice):
    """Enough charges that one nano-dollar is no overrun to speak of."""
    write(tmp_path, admit(alice, 100_000, id="big"), settle(alice, "big", 100_000))


def test_grant_while_the_database_is_gone_is_an_outage(outage):
    alice = person(credits_nano=DOLLAR)
    with outage, pytest.raises(OUTAGES):
        run_now(admit(alice, 1))
    assert run_now(admit(alice, 1)) == 1


def test_stopped_writer_takes_nothing_more(books, tmp_path):
    alice = person()

    async def main():
        async with writer_of(tmp_path) as writer:
            last = writer.submit(admit(alice, 1000))
        assert last.result() == 1000
        with pytest.raises(LedgerDown):
            writer.submit(admit(alice, 1000))

    asyncio.run(main())


def test_progress_is_left_out_when_too_much_waits(books, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    alice = person()

    async def main():
        cashier = Cashier()
        cashier.writer.start()
        draft = generation(alice)
        hold = await cashier.admit(
            account_id=alice.account_id, key_id=alice.key_id, amount_nano=1000, minimum_nano=1000,
            generation=draft,
        )  # fmt: skip
        waiting = []
        with pytest.raises(Unavailable):
            while True:
                waiting.append(cashier.writer.submit(admit(alice, 1)))
        hold.progress(5, 1)
        await hold.settle(draft)
        hold.progress(6, 1)
        await asyncio.gather(*waiting)
        await cashier.writer.stop()

    asyncio.run(main())
