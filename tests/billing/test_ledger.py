"""The pure ledger: what each operation does, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import orjson
import pytest
from ledger_rows import NOW, admit, generation, recover, settle

from billing import book as book_module
from billing.book import OVERRUN, PROMO, REVENUE, AccountRow, Book, BudgetRow, GenerationRow
from billing.capture import COST_MAX_NANO
from billing.ledger import Progress, Resize, Transfer
from billing.models import Generation
from billing.refusals import (
    AccountFrozen,
    HoldMissing,
    InsufficientCredits,
    KeyDisabled,
    KeyLimitExceeded,
    TransferConflict,
)

ALICE = SimpleNamespace(user_id=1, account_id="user:1", key_id=7)


def book(posted_nano=1000, held_nano=0, frozen=False, key=True, now=NOW, **budget):
    return Book(
        now=now,
        accounts={"user:1": AccountRow("user:1", posted_nano, held_nano, frozen)},
        budgets={7: BudgetRow(id=7, **budget)} if key else {},
    )


def with_hold(amount_nano=100, **fields):
    rows = book(**fields)
    hold = admit(ALICE, amount_nano, id="gen-1")
    hold.apply(rows)
    return rows


def resize(amount_nano, minimum_nano=0):
    return Resize(
        account_id="user:1", key_id=7, hold_id="gen-1", amount_nano=amount_nano,
        minimum_nano=minimum_nano,
    )  # fmt: skip


def progress(nano, tokens=1):
    return Progress(
        account_id="user:1", key_id=7, hold_id="gen-1", progress_nano=nano, progress_tokens=tokens
    )


def moved(rows):
    return {
        transfer.id: (transfer.debit, transfer.credit, transfer.amount_nano)
        for transfer in rows.transfers.values()
    }


@pytest.mark.parametrize(
    ("fields", "amount", "minimum", "granted"),
    [
        ({}, 100, 100, 100),
        ({}, 1000, 1000, 1000),
        ({}, 5000, 10, 1000),
        ({"held_nano": 900}, 5000, 100, 100),
        ({"limit_nano": 500}, 5000, 1, 500),
        ({"limit_nano": 500}, 5000, 500, 500),
        ({"limit_nano": 500, "spent_nano": 300}, 5000, 1, 200),
        ({"posted_nano": 0}, 0, 0, 0),
    ],
)
def test_admit_grants_what_account_and_key_can_cover(fields, amount, minimum, granted):
    rows = book(**fields)
    held = rows.accounts["user:1"].held_nano
    assert admit(ALICE, amount, minimum, id="gen-1").apply(rows) == granted
    assert rows.accounts["user:1"].held_nano == held + granted
    assert rows.budgets[7].held_nano == granted
    assert ("gen-1" in rows.new_holds) == (granted > 0)


@pytest.mark.parametrize(
    ("fields", "amount", "refusal"),
    [
        ({}, 1001, InsufficientCredits),
        ({"posted_nano": 0}, 1, InsufficientCredits),
        ({"held_nano": 1000}, 1, InsufficientCredits),
        ({"posted_nano": -1}, 0, InsufficientCredits),
        ({"frozen": True}, 1, AccountFrozen),
        ({"enabled": False}, 1, KeyDisabled),
        ({"enabled": False}, 0, KeyDisabled),
        ({"key": False}, 1, KeyDisabled),
        ({"limit_nano": 10}, 11, KeyLimitExceeded),
        ({"limit_nano": 0}, 1, KeyLimitExceeded),
        ({"limit_nano": 10, "spent_nano": 20}, 1, KeyLimitExceeded),
    ],
)
def test_admit_refuses_and_changes_nothing(fields, amount, refusal):
    rows = book(**fields)
    with pytest.raises(refusal):
        admit(ALICE, amount).apply(rows)
    assert rows == book(**fields)


def test_refusal_by_the_limit_says_what_is_left_of_it():
    rows = with_hold(100, limit_nano=500, spent_nano=50)
    with pytest.raises(KeyLimitExceeded) as refused:
        admit(ALICE, 351).apply(rows)
    error = refused.value
    assert (error.available_nano, error.wanted_nano) == (350, 351)
    assert (error.limit_nano, error.spent_nano) == (500, 150)


def test_admit_of_something_priced_needs_a_hold_even_when_nothing_is_asked_for_at_least():
    with pytest.raises(InsufficientCredits):
        admit(ALICE, 100, 0).apply(book(posted_nano=0))


def test_admit_repeated_holds_once():
    rows = with_hold(100)
    assert admit(ALICE, 100, id="gen-1").apply(rows) == 100
    assert rows.accounts["user:1"].held_nano == rows.budgets[7].held_nano == 100


def test_admit_does_not_reopen_a_hold_that_has_ended():
    rows = with_hold(100)
    settle(ALICE, "gen-1", 5).apply(rows)
    with pytest.raises(HoldMissing):
        admit(ALICE, 100, id="gen-1").apply(rows)


def test_admit_does_not_hand_out_the_hold_of_somebody_else():
    rows = with_hold(100)
    rows.accounts["user:2"] = AccountRow("user:2", 1000)
    bob = SimpleNamespace(user_id=2, account_id="user:2", key_id=7)
    with pytest.raises(HoldMissing):
        admit(bob, 100, id="gen-1").apply(rows)


@pytest.mark.parametrize(
    ("amount", "minimum", "held"), [(50, 50, 100), (300, 300, 300), (5000, 200, 1000)]
)
def test_resize_makes_a_hold_larger_and_never_smaller(amount, minimum, held):
    rows = with_hold(100)
    assert resize(amount, minimum).apply(rows) == held
    assert rows.holds["gen-1"].amount_nano == rows.accounts["user:1"].held_nano == held
    assert rows.budgets[7].held_nano == held
    assert resize(amount, minimum).apply(rows) == held


@pytest.mark.parametrize(
    ("fields", "minimum", "refusal"),
    [({}, 1001, InsufficientCredits), ({"limit_nano": 400}, 401, KeyLimitExceeded)],
)
def test_resize_refused_leaves_the_hold_as_it_was(fields, minimum, refusal):
    rows = with_hold(100, **fields)
    with pytest.raises(refusal):
        resize(2000, minimum).apply(rows)
    assert rows.holds["gen-1"].amount_nano == rows.accounts["user:1"].held_nano == 100


def test_resize_of_a_key_disabled_meanwhile_is_refused():
    rows = with_hold(100)
    rows.budgets[7].enabled = False
    with pytest.raises(KeyDisabled):
        resize(200).apply(rows)


@pytest.mark.parametrize("end", [settle(ALICE, "gen-1", 5), recover(ALICE, "gen-1")])
def test_resize_of_a_hold_that_ended_is_refused(end):
    rows = with_hold(100)
    end.apply(rows)
    with pytest.raises(HoldMissing):
        resize(200).apply(rows)


def test_progress_only_grows_and_ends_with_the_hold():
    rows = with_hold(100)
    assert progress(40).apply(rows) == ""
    progress(30).apply(rows)
    assert rows.holds["gen-1"].progress_nano == 40
    settle(ALICE, "gen-1", 50).apply(rows)
    progress(60).apply(rows)
    assert rows.holds["gen-1"].progress_nano == 40


def test_progress_tells_who_forbids_to_go_on():
    rows = with_hold(100)
    rows.accounts["user:1"].frozen = True
    assert progress(1).apply(rows) == "account"
    rows.budgets[7].enabled = False
    assert progress(1).apply(rows) == "key"


@pytest.mark.parametrize(
    ("cost", "overrun", "charged", "state", "absorbed"),
    [
        (0, "absorb", 0, "voided", 0),
        (1, "absorb", 1, "captured", 0),
        (100, "absorb", 100, "captured", 0),
        (101, "absorb", 100, "captured", 1),
        (101, "charge", 101, "captured", 0),
        (10**30, "absorb", 100, "captured", COST_MAX_NANO - 100),
    ],
)
def test_settle_charges_what_was_used_and_never_more_than_was_held(
    cost, overrun, charged, state, absorbed
):
    rows = with_hold(100)
    assert settle(ALICE, "gen-1", cost, overrun).apply(rows) == charged
    account, budget, hold = rows.accounts["user:1"], rows.budgets[7], rows.holds["gen-1"]
    assert (account.posted_nano, account.held_nano) == (1000 - charged, 0)
    assert (budget.spent_nano, budget.spent_total_nano, budget.held_nano) == (charged, charged, 0)
    assert (hold.state, hold.charged_nano) == (state, charged)
    assert rows.generations["gen-1"].cost_nano == charged
    expected = {"cap:gen-1": ("user:1", REVENUE, charged)} if charged else {}
    if absorbed:
        expected["over:gen-1"] = (OVERRUN, REVENUE, absorbed)
    assert moved(rows) == expected


@pytest.mark.parametrize("second", [0, 30, 5000])
def test_settle_repeated_charges_nothing_more(second):
    rows = with_hold(100)
    settle(ALICE, "gen-1", 60).apply(rows)
    assert settle(ALICE, "gen-1", second).apply(rows) == 60
    assert rows.accounts["user:1"].posted_nano == 940
    assert len(rows.transfers) == 1


def test_settle_without_a_hold_is_for_free_generations_only():
    rows = book()
    assert settle(ALICE, "gen-1", 0).apply(rows) == 0
    assert rows.generations["gen-1"].cost_nano == 0
    with pytest.raises(HoldMissing):
        settle(ALICE, "gen-2", 1).apply(rows)
    assert "gen-2" not in rows.generations


def test_settle_after_the_key_was_deleted_charges_the_account():
    rows = with_hold(100)
    rows.budgets.clear()
    assert settle(ALICE, "gen-1", 60).apply(rows) == 60
    assert rows.accounts["user:1"].posted_nano == 940
    assert rows.generations["gen-1"].key_id is None


def test_whatever_a_provider_reports_fits_the_columns():
    rows = with_hold(100)
    nonsense = {
        "native_tokens_prompt": 10**12,
        "native_tokens_reasoning": "12",
        "native_tokens_cached": -5,
        "latency_ms": 0,
        "num_media_prompt": None,
        "upstream_id": "a\0" * 500,
        "native_finish_reason": "\0",
    }
    settle(ALICE, "gen-1", 60, **nonsense).apply(rows)
    row = rows.generations["gen-1"]
    assert row.native_tokens_prompt == 2**31 - 1
    assert (row.native_tokens_reasoning, row.native_tokens_cached) == (0, 0)
    assert (row.latency_ms, row.num_media_prompt) == (0, None)
    assert (row.upstream_id, row.native_finish_reason) == ("a" * 128, "")


def test_columns_of_a_generation_are_as_wide_as_the_ledger_thinks():
    for name, width in book_module._CHARACTERS_MAX.items():
        assert Generation._meta.get_field(name).max_length == width
    texts = {f.name for f in Generation._meta.get_fields() if getattr(f, "max_length", None)}
    assert texts - set(book_module._CHARACTERS_MAX) == {"id", "usage_source"}
    integers = {
        f.name for f in Generation._meta.get_fields() if f.get_internal_type() == "IntegerField"
    }
    assert integers == set(book_module._COUNTS)


def test_recover_charges_what_was_delivered():
    rows = with_hold(100)
    progress(40, tokens=3).apply(rows)
    assert recover(ALICE, "gen-1").apply(rows) == 40
    assert rows.holds["gen-1"].state == "recovered"
    assert moved(rows) == {"cap:gen-1": ("user:1", REVENUE, 40)}
    row = rows.generations["gen-1"]
    assert (row.cost_nano, row.finish_reason, row.tokens_completion) == (40, "error", 3)
    assert recover(ALICE, "gen-1").apply(rows) is None


def test_recover_without_progress_charges_nothing():
    rows = with_hold(100)
    assert recover(ALICE, "gen-1").apply(rows) == 0
    assert rows.accounts["user:1"] == AccountRow("user:1", 1000, 0)
    assert not rows.transfers
    assert not rows.generations


def test_recover_never_charges_more_than_the_hold():
    rows = with_hold(100)
    progress(5000).apply(rows)
    assert recover(ALICE, "gen-1").apply(rows) == 100


def test_recover_of_a_draft_of_another_version_leaves_out_what_it_does_not_know():
    rows = with_hold(100)
    progress(40).apply(rows)
    rows.holds["gen-1"].details = rows.holds["gen-1"].details.replace('"model"', '"future"')
    rows.holds["gen-1"].details = rows.holds["gen-1"].details.replace('"streamed"', '"model"')
    rows.holds["gen-1"].details = rows.holds["gen-1"].details.replace(
        '"model":false', '"model":"m"'
    )
    assert recover(ALICE, "gen-1").apply(rows) == 40


@pytest.mark.parametrize(
    ("delivered", "actual", "posted", "state"),
    [(40, 70, 930, "captured"), (40, 10, 990, "captured"), (40, 40, 960, "captured"),
     (0, 70, 930, "captured"), (0, 0, 1000, "voided"), (40, 0, 1000, "captured")],
)  # fmt: skip
def test_late_settle_corrects_what_recovery_charged(delivered, actual, posted, state):
    rows = with_hold(100)
    progress(delivered).apply(rows)
    recover(ALICE, "gen-1").apply(rows)
    assert settle(ALICE, "gen-1", actual).apply(rows) == actual
    assert rows.accounts["user:1"] == AccountRow("user:1", posted, 0)
    assert rows.budgets[7].spent_nano == rows.budgets[7].spent_total_nano == actual
    assert rows.holds["gen-1"].state == state
    assert rows.generations["gen-1"].cost_nano == actual
    assert settle(ALICE, "gen-1", actual).apply(rows) == actual
    assert rows.accounts["user:1"].posted_nano == posted


def test_late_settle_takes_nothing_that_was_spent_meanwhile():
    rows = with_hold(100, posted_nano=120, limit_nano=110)
    recover(ALICE, "gen-1").apply(rows)
    admit(ALICE, 90, id="gen-2").apply(rows)
    assert settle(ALICE, "gen-1", 100).apply(rows) == 20
    assert moved(rows)["over:gen-1"] == (OVERRUN, REVENUE, 80)
    budget = rows.budgets[7]
    assert budget.spent_nano + budget.held_nano == budget.limit_nano


def transfer(amount_nano=5, id="grant:1", debit=PROMO, credit="user:1"):
    return Transfer(
        transfer_id=id, debit=debit, credit=credit, amount_nano=amount_nano, ref="user:1"
    )


def test_transfer_happens_once_for_its_id():
    rows = book()
    assert transfer().apply(rows) is True
    assert transfer().apply(rows) is False
    assert rows.accounts["user:1"].posted_nano == 1005
    with pytest.raises(TransferConflict):
        transfer(amount_nano=6).apply(rows)
    with pytest.raises(TransferConflict):
        transfer(debit=REVENUE).apply(rows)


def test_transfer_known_from_before_is_not_repeated():
    earlier, rows = book(), book()
    transfer().apply(earlier)
    rows.known_transfers = earlier.transfers
    assert transfer().apply(rows) is False
    assert rows.accounts["user:1"].posted_nano == 1000


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "last", "next", "start"),
    [
        ("daily", "2024-02-29T23:59:59.999999", "2024-03-01T00:00:00", date(2024, 3, 1)),
        ("weekly", "2024-12-29T23:59:59", "2024-12-30T00:00:00", date(2024, 12, 30)),
        ("monthly", "2024-12-31T23:59:59", "2025-01-01T00:00:00", date(2025, 1, 1)),
    ],
)
def test_limit_begins_anew_with_its_period_and_not_before(period, last, next, start):
    rows = book(limit_nano=100, period=period, now=at(last))
    admit(ALICE, 100, id="gen-1").apply(rows)
    settle(ALICE, "gen-1", 100).apply(rows)
    with pytest.raises(KeyLimitExceeded):
        admit(ALICE, 1).apply(rows)
    rows.now = at(next)
    assert admit(ALICE, 100).apply(rows) == 100
    assert rows.budgets[7].period_start == start
    assert rows.budgets[7].spent_total_nano == 100


def test_hold_of_a_period_that_is_over_does_not_burden_the_next():
    rows = book(limit_nano=100, period="daily")
    admit(ALICE, 60, id="gen-1").apply(rows)
    rows.now += timedelta(days=1)
    assert admit(ALICE, 100, 1, id="gen-2").apply(rows) == 40
    settle(ALICE, "gen-1", 60).apply(rows)
    assert (rows.budgets[7].spent_nano, rows.budgets[7].spent_total_nano) == (0, 60)
    assert admit(ALICE, 60).apply(rows) == 60


def test_clock_that_is_behind_does_not_begin_a_period_that_is_over():
    rows = book(limit_nano=100, period="daily", now=at("2024-05-16T00:10:00"))
    admit(ALICE, 100, id="gen-1").apply(rows)
    settle(ALICE, "gen-1", 100).apply(rows)
    for now in ("2024-05-15T23:10:00", "2024-05-16T00:11:00"):
        rows.now = at(now)
        with pytest.raises(KeyLimitExceeded):
            admit(ALICE, 1).apply(rows)


def test_generation_survives_being_json():
    row = generation(ALICE, "gen-1", num_media_prompt=2)
    assert GenerationRow.from_json(json.loads(orjson.dumps(row))) == row
