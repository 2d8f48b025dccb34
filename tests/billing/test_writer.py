"""The writer on the real database: nobody overspends, nothing is charged twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from ledger_rows import DOLLAR, admit, person, recover, settle, try_hold, write, writer_of

from accounts.models import ApiKey, User
from billing import batch
from billing.credits import grant
from billing.ledger import Resize
from billing.models import Account, Generation, Hold, KeyBudget, Transfer
from billing.refusals import HoldMissing, KeyDisabled, KeyLimitExceeded, TransferConflict
from openrouter_site.database import BROKEN_RULES
from openrouter_site.errors import Unavailable

TENTH_OF_A_CENT = DOLLAR // 1000


def states():
    return Counter(Hold.objects.values_list("state", flat=True))


def test_whole_life_of_a_hold_leaves_its_rows(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    assert write(
        tmp_path,
        admit(alice, 1000, id="gen-1"),
        Resize(
            account_id=alice.account_id, key_id=alice.key_id, hold_id="gen-1", amount_nano=1500
        ),
        settle(alice, "gen-1", 1200, finish_reason="stop"),
    ) == [1000, 1500, 1200]  # fmt: skip
    account = Account.objects.get()
    assert (account.posted_nano, account.held_nano) == (DOLLAR - 1200, 0)
    budget = KeyBudget.objects.get()
    assert (budget.spent_nano, budget.spent_total_nano, budget.held_nano) == (1200, 1200, 0)
    row = Generation.objects.get()
    assert (row.cost_nano, row.finish_reason, row.key_id) == (1200, "stop", alice.key_id)
    assert Hold.objects.get().state == Hold.State.CAPTURED


def test_one_dollar_admits_a_thousand_of_ten_thousand_holds(books, tmp_path):
    alice = person(limit_nano=DOLLAR)

    async def main():
        async with writer_of(tmp_path) as writer:
            holds = (
                try_hold(writer, admit(alice, TENTH_OF_A_CENT, id=f"gen-{n}"))
                for n in range(10_000)
            )
            return Counter(await asyncio.gather(*holds))

    assert asyncio.run(main()) == {"admitted": 1000, "KeyLimitExceeded": 9000}
    budget = KeyBudget.objects.get()
    assert budget.spent_nano + budget.held_nano == budget.limit_nano
    assert states() == {"open": 1000}


def test_four_processes_share_one_dollar(books, database_url, tmp_path, monkeypatch):
    alice = person(limit_nano=DOLLAR)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    script = Path(__file__).with_name("admit_process.py")
    arguments = ["2500", str(TENTH_OF_A_CENT), str(alice.user_id), str(alice.key_id)]
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), f"p{n}", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(4)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = Counter()
    for process in processes:
        ended.update(json.loads(process.communicate(timeout=100)[0]))
    assert ended == {"admitted": 1000, "KeyLimitExceeded": 9000}
    budget = KeyBudget.objects.get()
    assert (budget.spent_nano, budget.held_nano) == (0, DOLLAR)
    assert states() == {"open": 1000}


def test_settle_delivered_five_times_at_once_charges_once(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    ids = [f"gen-{n}" for n in range(200)]
    write(tmp_path, *(admit(alice, 1000, id=id) for id in ids))
    outcomes = write(tmp_path, *(settle(alice, id, 700) for _ in range(5) for id in ids))
    assert set(outcomes) == {700}
    assert Account.objects.get().posted_nano == DOLLAR - 200 * 700
    assert Transfer.objects.filter(kind="capture").count() == 200


def test_settlements_race_with_the_reaper_of_another_process(books, tmp_path):
    """Two writers at once, each with all of the holds: one capture each, and the right sum."""
    alice = person(credits_nano=DOLLAR)
    ids = [f"gen-{n}" for n in range(2000)]

    async def main():
        async with writer_of(tmp_path) as one, writer_of(tmp_path) as other:
            for begin in range(0, 2000, 500):
                await asyncio.gather(
                    *(one.submit(admit(alice, 1000, id=id)) for id in ids[begin : begin + 500])
                )
            settled = [one.submit(settle(alice, id, 700)) for id in ids]
            for begin in range(0, 2000, 100):
                reaped = [other.submit(recover(alice, id)) for id in ids[begin : begin + 100]]
                await asyncio.gather(*reaped)
            return set(await asyncio.gather(*settled))

    assert asyncio.run(main()) == {700}
    assert states() == {"captured": 2000}
    assert Account.objects.get().posted_nano == DOLLAR - 2000 * 700


def test_more_than_the_hold_is_ours(ledger_database, tmp_path):
    alice = person(credits_nano=1000, limit_nano=1000)
    write(tmp_path, admit(alice, 1000, id="gen-1"))
    assert write(tmp_path, settle(alice, "gen-1", 10**6)) == [1000]
    assert Account.objects.get().posted_nano == 0
    assert Transfer.objects.get(kind="overrun").amount_nano == 10**6 - 1000


def test_free_generation_is_recorded_without_a_hold(books, tmp_path):
    alice = person(credits_nano=0)
    assert write(tmp_path, admit(alice, 0, id="gen-1"), settle(alice, "gen-1", 0)) == [0, 0]
    assert Generation.objects.get().cost_nano == 0
    assert not Hold.objects.exists()


def test_disabled_key_is_refused_by_the_very_next_hold(books, tmp_path):
    alice = person()
    ApiKey.objects.update(disabled=True)
    (refusal,) = write(tmp_path, admit(alice, 1))
    assert isinstance(refusal, KeyDisabled)


def test_key_deleted_while_its_request_runs_is_charged_all_the_same(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    write(tmp_path, admit(alice, 1000, id="gen-1"), admit(alice, 1000, id="gen-2"))
    ApiKey.objects.all().delete()
    assert write(tmp_path, settle(alice, "gen-1", 700), recover(alice, "gen-2")) == [700, 0]
    assert Generation.objects.get().key_id is None
    account = Account.objects.get()
    assert (account.posted_nano, account.held_nano) == (DOLLAR - 700, 0)


def test_nonsense_of_a_provider_is_settled(books, tmp_path):
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1"))
    nonsense = {"native_tokens_completion": 10**20, "upstream_id": "\0" * 400, "provider_name": ""}
    assert write(tmp_path, settle(alice, "gen-1", 700, **nonsense)) == [700]


def test_operation_that_breaks_a_rule_of_the_database_fails_alone(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    ids = [f"gen-{n}" for n in range(20)]
    stranger = type(alice)(999_999, alice.account_id, alice.key_id)
    write(tmp_path, *(admit(alice, 1000, id=id) for id in ids))
    operations = [settle(alice, id, 700) for id in ids]
    operations[7] = settle(stranger, "gen-7", 700)  # a user that is not there
    write(tmp_path, *operations)
    assert states() == {"captured": 19, "open": 1}
    assert Hold.objects.get(state="open").id == "gen-7"


def test_broken_rule_is_raised_and_nothing_of_the_batch_is_there(books, connection, tmp_path):
    alice = person(credits_nano=DOLLAR)
    stranger = type(alice)(999_999, alice.account_id, alice.key_id)
    write(tmp_path, admit(alice, 1000, id="gen-1"))
    with pytest.raises(BROKEN_RULES):
        batch.run(connection, [admit(alice, 500), settle(stranger, "gen-1", 700)])
    assert Hold.objects.count() == 1
    assert Account.objects.get().held_nano == 1000


def test_full_queue_sheds_requests_and_takes_settlements(books, tmp_path):
    alice = person(limit_nano=DOLLAR)

    async def main():
        async with writer_of(tmp_path) as writer:
            await writer.submit(admit(alice, 1000, id="gen-0"))
            accepted = [writer.submit(admit(alice, 1, id=f"gen-{n}")) for n in range(1, 2001)]
            with pytest.raises(Unavailable) as shed:
                writer.submit(admit(alice, 1))
            assert shed.value.headers() == {"Retry-After": "1"}
            assert await writer.submit(settle(alice, "gen-0", 700)) == 700
            await asyncio.gather(*accepted)
            assert await writer.submit(admit(alice, 1)) == 1

    asyncio.run(main())


def test_grant_happens_once_for_its_id(books):
    alice = person(credits_nano=0)
    user = User.objects.get()
    assert grant(user, DOLLAR, "welcome", grant_id="welcome") is True
    assert grant(user, DOLLAR, "welcome", grant_id="welcome") is False
    with pytest.raises(TransferConflict):
        grant(user, 2 * DOLLAR, "welcome", grant_id="welcome")
    assert Account.objects.get(pk=alice.account_id).posted_nano == DOLLAR


@pytest.mark.parametrize(
    "sql", ["UPDATE billing_transfer SET amount_nano = 2", "DELETE FROM billing_transfer"]
)
def test_transfers_cannot_be_changed(books, connection, sql):
    person()
    with pytest.raises(Exception, match="append-only"):
        connection.execute(sql)
    assert Transfer.objects.get().amount_nano == 10 * DOLLAR


def test_refusals_reach_whoever_asked(books, tmp_path):
    alice = person(limit_nano=100)
    outcomes = write(tmp_path, admit(alice, 101), settle(alice, "gen-x", 5), admit(alice, 100))
    assert [type(outcome) for outcome in outcomes] == [KeyLimitExceeded, HoldMissing, int]
    assert outcomes[0].available_nano == 100
