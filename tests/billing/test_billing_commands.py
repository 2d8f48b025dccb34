"""createkey and demo_account: what they print works, and repeating them grants nothing twice."""

from __future__ import annotations

import io
import json
import stat
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from ledger_rows import DOLLAR

from accounts import keys
from accounts.models import ApiKey, User
from billing.models import Account, KeyBudget, Transfer


def output_of(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_createkey_makes_an_account_with_credits_and_prints_the_key_alone(books):
    printed = output_of(
        "createkey", "--email", "Alice@example.com", "--credits", "2.5", "--limit", "1"
    )
    key = printed.removesuffix("\n")
    assert keys.is_well_formed(key)
    row = ApiKey.objects.get(digest=keys.digest(key))
    assert row.user.email == "alice@example.com"
    assert Account.objects.get().posted_nano == 2.5 * DOLLAR
    assert KeyBudget.objects.get(key=row).limit_nano == DOLLAR


def test_createkey_for_somebody_known_adds_a_key_and_no_account(books):
    for _ in range(2):
        output_of("createkey", "--email", "alice@example.com", "--credits", "1")
    assert User.objects.count() == 1
    assert ApiKey.objects.count() == 2
    assert Account.objects.get().posted_nano == 2 * DOLLAR


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--email", "alice"], "--email 'alice'"),
        (["--email", "a@example.com", "--credits", "x"], "--credits"),
        (["--email", "a@example.com", "--credits", "-1"], "--credits '-1'"),
        (["--email", "a@example.com", "--limit", "1e-10"], "--limit"),
        (["--email", "a@example.com", "--limit-reset", "daily"], "--limit-reset needs --limit"),
        (["--email", "a@example.com", "--expires", "soon"], "--expires 'soon'"),
    ],
)
def test_createkey_names_what_is_wrong_and_makes_nothing(books, arguments, named):
    with pytest.raises(CommandError, match=named):
        output_of("createkey", *arguments)
    assert not User.objects.exists()


def test_createkey_sets_what_the_key_may_do(books):
    key = output_of(
        "createkey", "--email", "alice@example.com", "--limit", "1", "--limit-reset", "weekly",
        "--expires", "2999-01-31", "--model", "openai/gpt-4", "--model", "a/b",
    ).strip()  # fmt: skip
    row = ApiKey.objects.get(digest=keys.digest(key))
    assert row.expires_at == datetime(2999, 1, 31, tzinfo=UTC)
    assert row.allowed_models == ["openai/gpt-4", "a/b"]
    assert (row.budget.limit_nano, row.budget.period) == (DOLLAR, "weekly")
    assert not row.is_management
    manager = output_of("createkey", "--email", "alice@example.com", "--management").strip()
    assert ApiKey.objects.get(digest=keys.digest(manager)).is_management


def test_demo_account_is_made_once(books, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    first = json.loads(output_of("demo_account"))
    assert json.loads(output_of("demo_account")) == first
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    assert Account.objects.get().posted_nano == 10 * DOLLAR


def test_demo_account_whose_file_is_lost_gets_a_new_key_and_no_new_credits(
    books, settings, tmp_path
):
    settings.DATA_DIR = tmp_path
    first = json.loads(output_of("demo_account"))
    (tmp_path / "demo.json").unlink()
    second = json.loads(output_of("demo_account"))
    assert second["api_key"] != first["api_key"]
    assert Transfer.objects.get().amount_nano == 10 * DOLLAR


def test_demo_account_is_refused_in_production(books, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        output_of("demo_account")
