"""A limit that changes while requests run: what is admitted met the limit in force."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime
from random import Random

import pytest
from conftest import ON_POSTGRESQL
from django.db import connections
from ledger_rows import admit, generation, person

from accounts.models import ApiKey
from billing.capture import Settle
from billing.key_limits import set_limit
from billing.models import Hold, KeyBudget
from billing.refusals import KeyLimitExceeded, LedgerError
from billing.writer import run_now
from openrouter_site import database

WHO = {"actor": "staff@example.com", "reason": "test"}


def key_of(person):
    return ApiKey.objects.get(pk=person.key_id)


# In the transaction that admits: what is spent and held against the limit that is committed now.
_GUARD_SQLITE = """
    CREATE TRIGGER guard AFTER INSERT ON billing_hold WHEN EXISTS (
        SELECT 1 FROM billing_keybudget AS b WHERE b.key_id = NEW.key_id
        AND b.spent_nano + b.held_nano > b.limit_nano)
    BEGIN SELECT RAISE(ABORT, 'over the limit'); END"""
_GUARD_POSTGRESQL = """
    CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM billing_keybudget AS b WHERE b.key_id = NEW.key_id
                   AND b.spent_nano + b.held_nano > b.limit_nano) THEN
            RAISE EXCEPTION 'over the limit'; END IF;
        RETURN NULL; END $$;
    CREATE TRIGGER guard AFTER INSERT ON billing_hold FOR EACH ROW EXECUTE FUNCTION guard()"""


@pytest.fixture
def guarded(ledger_database):
    """The database itself refuses an admission beyond the limit in force."""
    with closing(database.connect()) as connection:
        connection.execute(_GUARD_POSTGRESQL if ON_POSTGRESQL else _GUARD_SQLITE)
        yield
        if ON_POSTGRESQL:
            connection.execute("DROP TRIGGER guard ON billing_hold")
            connection.execute("DROP FUNCTION guard()")


def test_limit_changed_by_eight_threads_is_never_overstepped(books, guarded):
    alice = person()
    key = key_of(alice)
    set_limit(key, 1000, **WHO)
    errors, admitted, stop = [], [], threading.Event()

    def work(run, number):
        try:
            with database.orm_connection():
                run(Random(number), number)
        except Exception as error:
            errors.append(error)

    def change(rng, number):
        for _ in range(12):
            set_limit(key, rng.randrange(0, 3000), rng.choice(("", "daily")), **WHO)

    def request(rng, number):
        serial = 0
        while not stop.is_set():
            serial += 1
            id, amount = f"gen-{number}-{serial}", rng.randrange(1, 200)
            try:
                run_now(admit(alice, amount, id=id))
            except LedgerError:
                continue
            admitted.append(run_now(_settle_now(alice, id, rng.randrange(0, amount + 1))))

    changers = [threading.Thread(target=work, args=(change, n)) for n in range(8)]
    callers = [threading.Thread(target=work, args=(request, n)) for n in range(4)]
    connections.close_all()  # the pool has no more than the eight that change
    for thread in (*changers, *callers):
        thread.start()
    for thread in changers:
        thread.join()
    stop.set()
    for thread in callers:
        thread.join()
    assert errors == []
    assert admitted
    budget = KeyBudget.objects.get()
    assert budget.spent_total_nano == sum(admitted) <= 3000
    assert budget.held_nano == 0
    assert not Hold.objects.filter(state="open").exists()
    set_limit(key, None, **WHO)


def _settle_now(alice, id, cost_nano):
    return Settle(
        account_id=alice.account_id, key_id=alice.key_id, hold_id=id, cost_nano=cost_nano,
        generation=generation(alice, id, created_at=datetime.now(UTC)),
    )  # fmt: skip


def test_limit_set_while_an_admission_waits_is_the_one_it_meets(books, guarded):
    """The change takes the ledger's own lock: what is admitted after it returned, met it."""
    alice = person(limit_nano=1000)
    key = key_of(alice)
    for number in range(20):
        set_limit(key, 1000, **WHO)
        done = []
        caller = threading.Thread(target=_try, args=(alice, f"gen-{number}", done))
        caller.start()
        set_limit(key, 0, **WHO)
        with pytest.raises(KeyLimitExceeded):
            run_now(admit(alice, 1, id=f"late-{number}"))
        caller.join()
        assert done in ([100], ["KeyLimitExceeded"])
        if done == [100]:
            run_now(_settle_now(alice, f"gen-{number}", 0))


def _try(alice, id, done):
    try:
        done.append(run_now(admit(alice, 100, id=id)))
    except LedgerError as refusal:
        done.append(type(refusal).__name__)
