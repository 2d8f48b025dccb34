"""A month's statement adds up, is exact, and is safe to open."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import AsyncClient
from ledger_rows import DOLLAR, admit, person, settle, write

from accounts import keys
from accounts.models import User
from billing import statement
from billing.models import Account, Transfer
from billing.operator import correct, grant


def this_month():
    """Not of when the tests were collected, which may be an hour ago."""
    return f"{datetime.now(UTC):%Y-%m}"


def rows_of(email="alice@example.com", month=None):
    out = io.StringIO()
    month = this_month() if month is None else month
    call_command("statement", "--email", email, "--month", month, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def check(rows):
    """Every balance is the one before it and the amount; the transfers and both ends are there."""
    assert rows[0]["kind"] == "opening balance"
    assert rows[-1]["kind"] == "closing balance"
    balance = Decimal(rows[0]["balance"])
    for row in rows[1:-1]:
        balance += Decimal(row["amount"])
        assert Decimal(row["balance"]) == balance
    assert Decimal(rows[-1]["balance"]) == balance
    return balance


@pytest.fixture
def alice(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    for number in range(1, 6):
        id = f"gen-{number}"
        write(tmp_path, admit(alice, 1000, id=id), settle(alice, id, 7 * number))
    return alice


def move(person, amount_nano, at, id, ref="ref", reason=""):
    """A transfer of another time; the balance follows."""
    into = amount_nano > 0
    debit, credit = ("promo", person.account_id) if into else (person.account_id, "corrections")
    Transfer.objects.create(
        id=id, debit=debit, credit=credit, amount_nano=abs(amount_nano), kind="correction",
        ref=ref, reason=reason, created_at=at,
    )  # fmt: skip
    account, _ = Account.objects.get_or_create(pk=person.account_id)
    account.posted_nano += amount_nano
    account.save()


def test_statement_adds_up_to_the_balance(alice):
    rows = rows_of()
    assert len(rows) == 1 + 6 + 1
    assert rows[0]["balance"] == "0"
    assert check(rows) * 10**9 == Account.objects.get().posted_nano == DOLLAR - 105
    assert [row["amount"] for row in rows[1:3]] == ["1", "-0.000000007"]
    assert rows[2] == {
        "date": rows[2]["date"], "kind": "capture", "amount": "-0.000000007",
        "balance": "0.999999993", "reference": "gen-1", "model": "openai/gpt-4", "reason": "",
        "transfer": "cap:gen-1",
    }  # fmt: skip


def test_months_are_utc_and_each_begins_where_the_last_one_ended(books):
    alice = person(credits_nano=0)
    edge = datetime(2024, 6, 1, tzinfo=UTC)
    move(alice, 5, edge - timedelta(microseconds=1), "a")
    move(alice, 7, edge, "b")
    move(alice, -20, datetime(2024, 6, 30, 23, 59, 59, 999999, tzinfo=UTC), "c")
    may, june, july = (rows_of(month=f"2024-0{month}") for month in (5, 6, 7))
    for rows in (may, june, july):
        check(rows)
    assert [row["transfer"] for row in may[1:-1]] == ["a"]
    assert [row["transfer"] for row in june[1:-1]] == ["b", "c"]
    assert len(july) == 2
    assert may[-1]["balance"] == june[0]["balance"] == "0.000000005"
    assert june[-1]["balance"] == july[0]["balance"] == "-0.000000008"


def test_many_pages_are_one_statement(books, monkeypatch):
    monkeypatch.setattr(statement, "_PAGE_ROWS", 3)
    alice = person(credits_nano=0)
    moment = datetime(2024, 6, 1, tzinfo=UTC)
    for number in range(10):
        # Several of the same moment, across the ends of pages.
        move(alice, number + 1, moment + timedelta(seconds=number // 4), f"t{number}")
    rows = rows_of(month="2024-06")
    assert [row["transfer"] for row in rows[1:-1]] == [f"t{number}" for number in range(10)]
    check(rows)
    parts = list(statement.pieces(alice.account_id, statement.month_of("2024-06")))
    assert len(parts) == 1 + 4 + 1


def test_other_peoples_transfers_are_not_in_it(alice):
    bob = person("bob")
    assert {row["transfer"] for row in rows_of("bob@example.com")[1:-1]}.isdisjoint(
        row["transfer"] for row in rows_of()[1:-1]
    )
    assert bob.account_id not in str(rows_of())


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_text_that_a_spreadsheet_would_run_is_quoted(books, begin):
    alice = person(credits_nano=0)
    evil = f'{begin}HYPERLINK("http://evil.example","x")'
    user = User.objects.get(pk=alice.user_id)
    grant(user, 10, reason=evil, actor="staff", idempotency_key="a")
    correct(user, -3, reason=evil, actor="staff", idempotency_key="b")
    rows = rows_of()
    assert [row["reason"] for row in rows[1:-1]] == [f"'{evil}"] * 2
    # A negative amount is a number, and stays one.
    assert rows[2]["amount"] == "-0.000000003"
    check(rows)


def test_actor_is_not_told(alice):
    user = User.objects.get(pk=alice.user_id)
    grant(user, 10, reason="hello", actor="staff@example.com", idempotency_key="a")
    assert "staff@example.com" not in str(rows_of())


@pytest.mark.parametrize("month", ["2024-13", "2024-1", "24-01", "2024-00", "", "2024-01-01", "x"])
def test_what_is_no_month_is_refused(books, month):
    person()
    with pytest.raises(CommandError, match="--month"):
        rows_of(month=month)


def test_somebody_unknown_is_named(books):
    with pytest.raises(CommandError, match="carol@example.com"):
        rows_of("carol@example.com")


# --- By API -------------------------------------------------------------------------------------


def answer(query, authorization):
    """(status, headers, body) from the view as the server runs it."""

    async def get():
        response = await AsyncClient().get(
            f"/api/v1/credits/statement{query}", headers={"Authorization": authorization}
        )
        if not response.streaming:
            return response, response.content
        return response, b"".join([piece async for piece in response.streaming_content])

    return asyncio.run(get())


def test_api_streams_the_same_as_the_command_prints(alice):
    _, key = keys.create(User.objects.get(pk=alice.user_id))
    response, body = answer(f"?month={this_month()}", f"Bearer {key}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="statement-{this_month()}.csv"' in response["Content-Disposition"]
    assert response["Cache-Control"] == "private, no-store"
    said = list(csv.DictReader(io.StringIO(body.decode())))
    assert said[:-1] == rows_of()[:-1]
    check(said)
    assert answer("", f"Bearer {key}")[1].splitlines()[:-1] == body.splitlines()[:-1]


def test_api_refuses_what_is_no_month_and_who_has_no_key(alice):
    _, key = keys.create(User.objects.get(pk=alice.user_id))
    response, body = answer("?month=2024-13", f"Bearer {key}")
    assert response.status_code == 400
    assert b"month must be a month like 2026-11" in body
    assert answer("", "")[0].status_code == 401
