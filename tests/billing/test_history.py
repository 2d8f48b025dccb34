"""The history of a month: newest first, with the balance after each movement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ledger_rows import DOLLAR, person

from billing import history
from billing.models import Transfer
from billing.statement import month_of, pages

pytestmark = pytest.mark.usefixtures("ledger_database")
MAY = month_of("2024-05")
BEGIN = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def alice():
    return person("alice", credits_nano=0).account_id


def move(account, minutes, dollars, kind="capture", **more):
    """In or out (negative), so long after the month began."""
    debit, credit = ("promo", account) if dollars > 0 else (account, "revenue")
    at = BEGIN + timedelta(minutes=minutes)
    return Transfer.objects.create(
        id=f"{kind}:{account}:{minutes}:{dollars}", debit=debit, credit=credit, kind=kind,
        amount_nano=abs(dollars) * DOLLAR, ref=f"ref-{minutes}", created_at=at, **more,
    )  # fmt: skip


def shown(account, **how):
    rows = list(history.transfers(account, MAY, **how))
    opening = history.totals(account, MAY).opening_nano
    lines = history.lines(rows, opening)
    return [(row.entry.moved_nano // DOLLAR, row.entry.balance_nano // DOLLAR) for row in lines]


def busy(account):
    move(account, -10, 100, "grant")
    move(account, 0, -1)
    move(account, 1, 20, "top_up")
    move(account, 2, -3)
    move(account, 2, -4)
    move(account, 3, -5, "correction", reason="granted twice")
    move(account, 60 * 24 * 31, 7, "grant")


def test_balance_runs_through_the_month_from_what_there_was(alice):
    busy(alice)
    move(person("bob", credits_nano=0).account_id, 1, 50, "grant")
    lines = shown(alice)
    assert lines[0] == (-5, 107) and lines[-2:] == [(20, 119), (-1, 99)]
    assert sorted(lines[1:3]) in ([(-4, 112), (-3, 116)], [(-4, 115), (-3, 112)])
    totals = history.totals(alice, MAY)
    assert [n // DOLLAR for n in (totals.opening_nano, totals.in_nano, totals.out_nano)] == [
        100, 20, 13,
    ]  # fmt: skip
    assert totals.closing_nano == 107 * DOLLAR


def test_balance_is_that_of_the_statement(alice):
    busy(alice)
    (entries,) = pages(alice, MAY.begin, MAY.end, 100 * DOLLAR)
    expected = [(entry.transfer.id, entry.balance_nano) for entry in entries]
    lines = history.lines(list(history.transfers(alice, MAY)), 100 * DOLLAR)
    assert [(x.entry.transfer.id, x.entry.balance_nano) for x in reversed(lines)] == expected


def test_without_usage_the_balances_are_still_true(alice):
    busy(alice)
    assert shown(alice, without_usage=True) == [(-5, 107), (20, 119)]


def test_slices_of_a_month_have_the_balances_of_the_whole(alice):
    busy(alice)
    rows = history.transfers(alice, MAY)
    whole = [row.running_nano for row in rows]
    assert [row.running_nano for n in range(5) for row in rows[n : n + 1]] == whole
    assert rows.count() == len(whole) == 5


def test_first_moment_is_when_anything_moved(alice):
    assert history.first_moment(alice) is None
    busy(alice)
    assert history.first_moment(alice) == BEGIN - timedelta(minutes=10)
