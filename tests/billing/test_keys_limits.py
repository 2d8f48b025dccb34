"""Limits of keys: what resets when, what a change means at once, and who may not get past it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ledger_rows import DOLLAR, NOW, admit, person, settle, write

from accounts import key_changes, keys
from accounts.models import ApiKey, KeyChange
from billing import batch
from billing.key_limits import set_limit
from billing.ledger import Progress
from billing.models import KeyBudget
from billing.refusals import KeyDisabled, KeyLimitExceeded
from billing.writer import run_now

WHO = {"actor": "staff@example.com", "reason": "test"}


def key_of(person):
    return ApiKey.objects.get(pk=person.key_id)


def spend(tmp_path, person, id, amount_nano):
    now = datetime.now(UTC)
    ended = settle(person, id, amount_nano, created_at=now)
    write(tmp_path, admit(person, amount_nano, id=id), ended)


# --- Expired, disabled, deleted -----------------------------------------------------------------


def test_expired_key_is_refused_by_the_clock_of_the_database(books):
    alice = person()
    for seconds, refused in ((60, False), (-1, True)):
        ApiKey.objects.update(expires_at=datetime.now(UTC) + timedelta(seconds=seconds))
        operation = admit(alice, 1000, id=f"gen{seconds}")
        if refused:
            with pytest.raises(KeyDisabled):
                run_now(operation)
        else:
            assert run_now(operation) == 1000
            run_now(settle(alice, "gen60", 0))


def test_stream_of_a_key_that_expires_is_cut(books, tmp_path):
    alice = person()
    write(tmp_path, admit(alice, 1000, id="gen-1"))
    noted = Progress(
        account_id=alice.account_id, key_id=alice.key_id, hold_id="gen-1",
        progress_nano=1, progress_tokens=1,
    )  # fmt: skip
    assert run_now(noted) == ""
    ApiKey.objects.update(expires_at=datetime.now(UTC))
    assert run_now(noted) == "key"
    assert run_now(settle(alice, "gen-1", 7)) == 7


def test_deleted_key_is_refused_and_what_it_spent_stays(books, tmp_path):
    alice = person()
    spend(tmp_path, alice, "gen-1", 700)
    key_changes.delete(key_of(alice), actor="alice@example.com")
    with pytest.raises(KeyDisabled):
        run_now(admit(alice, 1000, id="gen-2"))
    assert KeyBudget.objects.get().spent_total_nano == 700
    assert set(KeyChange.objects.get().what) == {"disabled", "deleted_at"}


# --- Limits -------------------------------------------------------------------------------------


def test_limit_below_what_is_spent_admits_nothing_until_it_is_raised(books, tmp_path):
    alice = person()
    spend(tmp_path, alice, "gen-1", 700)
    assert set_limit(key_of(alice), 500, **WHO)
    with pytest.raises(KeyLimitExceeded) as refused:
        run_now(admit(alice, 1, id="gen-2"))
    assert (refused.value.limit_nano, refused.value.spent_nano) == (500, 700)
    set_limit(key_of(alice), 701, **WHO)
    assert run_now(admit(alice, 1, id="gen-2")) == 1
    run_now(settle(alice, "gen-2", 1))


def test_limit_set_again_changes_and_notes_nothing(books):
    alice = person(limit_nano=5)
    assert not set_limit(key_of(alice), 5, **WHO)
    assert not KeyChange.objects.exists()


def at(connection, moment, operation):
    """Run it as if the database's clock said this."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    (outcome,) = _batch_at(connection, moment, operation)
    return outcome


def _batch_at(connection, moment, operation):
    real = connection.transaction

    class Frozen:
        def __getattr__(self, name):
            return getattr(connection, name)

        def transaction(self):
            outer = real()

            class Context:
                def __enter__(self):
                    outer.__enter__()
                    return moment

                def __exit__(self, *error):
                    return outer.__exit__(*error)

            return Context()

    return batch.run(Frozen(), [operation])


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        ("daily", "2024-05-15T23:59:59", "2024-05-16"),
        (
            "weekly",
            datetime(2024, 5, 19, 23, 59, 59, tzinfo=UTC),
            datetime(2024, 5, 20, tzinfo=UTC),
        ),
        (
            "monthly",
            datetime(2024, 5, 31, 23, 59, 59, tzinfo=UTC),
            datetime(2024, 6, 1, tzinfo=UTC),
        ),
        ("", "2024-12-31", ""),
    ],
)
def test_limit_resets_when_its_period_begins_and_no_sooner(
    ledger_database, connection, period, last, first
):
    alice = person(limit_nano=1000, period=period)
    assert at(connection, NOW, admit(alice, 1000, id="gen-1")) == 1000
    assert at(connection, NOW, settle(alice, "gen-1", 1000)) == 1000
    assert isinstance(at(connection, last, admit(alice, 1, id="gen-2")), KeyLimitExceeded)
    if not first:
        return
    assert at(connection, first, admit(alice, 1000, id="gen-3")) == 1000
    # A clock that is behind does not begin the old period anew.
    assert isinstance(at(connection, last, admit(alice, 1, id="gen-4")), KeyLimitExceeded)


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_new_period_counts_what_was_spent_in_it(books, tmp_path, period):
    alice = person(limit_nano=DOLLAR)
    now = datetime.now(UTC)
    long_ago = now - timedelta(days=40)
    write(tmp_path, admit(alice, 100, id="gen-1"), settle(alice, "gen-1", 100, created_at=long_ago))
    spend(tmp_path, alice, "gen-2", 700)
    write(tmp_path, admit(alice, 150, id="gen-3"))
    set_limit(key_of(alice), 900, period, **WHO)
    budget = KeyBudget.objects.get()
    assert (budget.spent_nano, budget.held_nano) == (700, 150)
    with pytest.raises(KeyLimitExceeded):
        run_now(admit(alice, 51, id="gen-4"))
    # What was open when the limit changed counts in the new period too.
    run_now(settle(alice, "gen-3", 150, created_at=now))
    assert KeyBudget.objects.get().spent_nano == 850
    set_limit(key_of(alice), 960, "", **WHO)
    assert KeyBudget.objects.get().spent_nano == 950
    with pytest.raises(KeyLimitExceeded):
        run_now(admit(alice, 11, id="gen-5"))


# --- What the data plane knows of a key -----------------------------------------------------------


def test_key_knows_its_models_and_kind_and_a_change_is_seen_at_once_here(books):
    alice = person()
    row, key = keys.create(
        key_of(alice).user, "narrow", allowed_models=["openai/gpt-4"], is_management=True
    )
    known = keys.authenticate_blocking(f"Bearer {key}")
    assert known.allowed_models == {"openai/gpt-4"}
    assert known.is_management
    assert key_changes.change(row, {"allowed_models": []}, **WHO)
    assert keys.authenticate_blocking(f"Bearer {key}").allowed_models == frozenset()
    assert not key_changes.change(row, {"allowed_models": []}, **WHO)
    assert KeyChange.objects.count() == 1
