"""Crowds at one key (F2), settlements that come five times while the reaper runs (F3), clocks that
disagree (F15), and thousands of keys that nobody remembers (F18).

CHAOS=1 (as in `make chaos`) makes them as large as design/hardening.md says.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from django.db.backends.signals import connection_created
from ledger_rows import DOLLAR, admit, person, settle, try_hold, write, writer_of
from ledger_stores import ClockedConnection

from accounts import keys
from accounts.models import ApiKey, User
from billing import batch, recovery
from billing.models import Account, Generation, Hold, KeyBudget, Transfer
from openrouter_site import database
from openrouter_site.errors import Unauthorized

IS_LARGE = os.environ.get("CHAOS") == "1"
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
LIVES = 10_000 if IS_LARGE else 1_500
REDELIVERED = 2_000 if IS_LARGE else 300
KEYS = 5_000 if IS_LARGE else 500
AT_ONCE = LIVES // 2


@pytest.mark.timeout(300)
def test_crowd_with_random_costs_spends_no_more_than_its_key_may(books, tmp_path):
    """F2: at every moment what is spent and held is within the limit."""
    alice, rng = person(limit_nano=DOLLAR), random.Random(SEED)
    # All that they would spend is more than there is, and so is all that they hold at once.
    hold_nano = 4 * DOLLAR // LIVES
    costs = {f"gen-{n}": rng.randint(0, hold_nano) for n in range(LIVES)}
    seen, done = {0}, threading.Event()

    def watch():
        with closing(database.connect()) as connection:
            while not done.wait(0.005):
                rows = connection.execute("SELECT spent_nano + held_nano FROM billing_keybudget")
                seen.update(row[0] for row in rows)

    async def live(writer, room, id):
        async with room:
            ended = await try_hold(writer, admit(alice, hold_nano, id=id))
            if ended == "admitted":
                await writer.submit(settle(alice, id, costs[id]))
        return ended

    async def main():
        room = asyncio.Semaphore(AT_ONCE)
        async with writer_of(tmp_path) as writer:
            return Counter(await asyncio.gather(*(live(writer, room, id) for id in costs)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        ended = asyncio.run(main())
    finally:
        done.set()
        watcher.join()
    charged = sum(Hold.objects.values_list("charged_nano", flat=True))
    budget = KeyBudget.objects.get()
    print(
        f"CHAOS_SEED={SEED}: {dict(ended)}, spent {charged} of {DOLLAR},"
        f" at most {max(seen)} in {len(seen)} looks"
    )
    assert set(ended) == {"admitted", "KeyLimitExceeded"}
    assert len(seen) > 1
    assert (budget.spent_nano, budget.held_nano) == (charged, 0)
    assert charged == sum(
        costs[id] for id in Hold.objects.values_list("id", flat=True)
    )  # each at its cost, none twice
    assert charged <= DOLLAR
    assert max(seen) <= DOLLAR


@pytest.mark.timeout(300)
def test_settlements_delivered_five_times_race_with_the_reaper(books, tmp_path):
    """F3: two writers have five copies of each, while a reaper takes their process for dead."""
    alice = person(credits_nano=10 * DOLLAR)
    ids = [f"gen-{n}" for n in range(REDELIVERED)]
    for begin in range(0, REDELIVERED, 500):
        write(tmp_path, *(admit(alice, 1000, id=id) for id in ids[begin : begin + 500]))
    reaped, done = Counter(), threading.Event()

    def reap():
        done.wait(random.Random(SEED).uniform(0, 0.1))
        with closing(database.connect()) as connection:
            while not done.is_set():
                try:
                    reaped["holds"] += recovery.reap(connection)
                except database.OUTAGES:
                    reaped["waited in vain"] += 1

    async def main():
        async with writer_of(tmp_path) as one, writer_of(tmp_path) as other:
            copies = [id for id in ids for _ in range(5)]
            random.Random(SEED).shuffle(copies)
            submitted = [
                (one, other)[number % 2].submit(settle(alice, id, 700))
                for number, id in enumerate(copies)
            ]
            return Counter(await asyncio.gather(*submitted))

    reaper = threading.Thread(target=reap)
    reaper.start()
    try:
        outcomes = asyncio.run(main())
    finally:
        done.set()
        reaper.join()
    print(f"CHAOS_SEED={SEED}: {dict(outcomes)} with {dict(reaped)} taken by the reaper first")
    assert outcomes == {700: 5 * REDELIVERED}
    assert Transfer.objects.filter(kind="capture").count() == REDELIVERED
    assert not Transfer.objects.filter(kind="adjust").exists()
    assert Generation.objects.count() == REDELIVERED
    account = Account.objects.get()
    assert (account.posted_nano, account.held_nano) == (10 * DOLLAR - 700 * REDELIVERED, 0)


@pytest.fixture
def clocks(books):
    """Connections of three processes whose databases' clocks are an hour apart each."""
    moment = datetime(2024, 5, 15, 23, 30, tzinfo=UTC)
    made = [
        ClockedConnection(database.connect(), moment + timedelta(hours=hours))
        for hours in (-1, 0, 1)
    ]
    yield made
    for connection in made:
        connection.close()


def test_clocks_an_hour_apart_reap_nobody_who_lives(clocks):
    """F15: whoever asks the one clock of the database sees the same; that is what protects us."""
    alice = person()
    behind, right, ahead = clocks
    for connection in clocks:
        connection.now = right.now
    recovery.beat(right, "living")
    batch.run(behind, [admit(alice, 1000, id="gen-1", instance_id="living", ttl_s=60)])
    for connection in clocks:
        assert recovery.reap(connection) == 0
    # Only a database whose own clock leaps takes the living for silent, and it corrects itself.
    ahead.now += timedelta(hours=1)
    assert recovery.reap(ahead) == 1
    (charged,) = batch.run(right, [settle(alice, "gen-1", 700)])
    assert charged == 700
    assert Hold.objects.get().state == "captured"


def test_midnight_resets_a_limit_once_whatever_the_clocks_say(clocks):
    """F15: at 23:30 one process is past midnight already, another is back before eleven."""
    alice = person(limit_nano=1000, period="daily")
    behind, right, ahead = clocks

    def spend(connection, id, nano):
        (granted,) = batch.run(connection, [admit(alice, nano, id=id)])
        if granted == nano:
            batch.run(connection, [settle(alice, id, nano)])
        return granted

    assert spend(right, "today", 900) == 900
    assert isinstance(spend(behind, "no more", 200), Exception)
    assert spend(ahead, "tomorrow", 800) == 800  # its midnight has passed: the one reset
    for number in range(3):
        for connection in (right, behind, ahead):
            assert isinstance(spend(connection, f"again-{number}", 300), Exception)
    budget = KeyBudget.objects.get()
    assert (budget.spent_nano, budget.spent_total_nano) == (800, 1700)
    assert str(budget.period_start) == "2024-05-16"
    for connection in clocks:
        connection.now += timedelta(hours=24)
    assert spend(ahead, "two days later", 1000) == 1000  # and the next one
    assert isinstance(spend(right, "not again", 1), Exception)


@pytest.fixture
def queries(ledger_database):
    """Digests of the keys that were looked up, on any connection of any thread."""
    looked_up = Counter()
    counted = []

    def count(execute, sql, parameters, many, context):
        if "accounts_apikey" in sql and sql.startswith("SELECT"):
            looked_up.update(each for each in parameters or () if isinstance(each, str))
        return execute(sql, parameters, many, context)

    def opened(connection, **_):
        if count not in connection.execute_wrappers:
            connection.execute_wrappers.append(count)
            counted.append(connection)

    connection_created.connect(opened)
    yield looked_up
    connection_created.disconnect(opened)
    for connection in counted:  # one may be the connection of the tests after this one
        connection.execute_wrappers.remove(count)


@pytest.mark.timeout(300)
def test_stampede_of_unknown_keys_asks_for_each_once(queries):
    """F18: each by four requests at once, right after the start of a process."""
    user = User.objects.create_user("alice@example.com")
    texts = [keys.mint() for _ in range(KEYS)]
    ApiKey.objects.bulk_create(
        ApiKey(user=user, name="one of many", digest=keys.digest(text), label=keys.label(text))
        for text in texts
    )

    async def ask(text):
        try:
            return (await keys.authenticate(f"Bearer {text}")).user_id
        except Unauthorized:
            return 401

    async def main():
        return Counter(await asyncio.gather(*(ask(text) for text in texts for _ in range(4))))

    queries.clear()
    found = asyncio.run(main())
    counted = [queries[keys.digest(text)] for text in texts]
    print(f"{4 * KEYS} requests with {KEYS} keys: {sum(counted)} queries")
    assert found == {user.pk: 4 * KEYS}
    assert set(counted) == {1}
