"""The audit log: every kind of deed, in the order of time, filtered, paged, as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import key_changes, keys, member_changes
from accounts.models import KeyChange, Member, MemberChange, User
from billing.models import Transfer
from catalog.models import CredentialChange, Provider
from pages import audit_log
from pages.audit_log import Filters

pytestmark = pytest.mark.django_db

# Before all that is done in these tests.
NOW = datetime(2024, 6, 12, 14, 0, tzinfo=UTC)


@pytest.fixture
def staff():
    return User.objects.create_superuser("staff@example.com")


@pytest.fixture
def operator(client, staff):
    client.force_login(staff)
    return client


def transfer(number, actor="staff@example.com", at=NOW, **fields):
    return Transfer.objects.create(
        id=f"grant:{number}", debit="promo", credit="user:1", amount_nano=5_000_000_000,
        kind="grant", ref="user:1", actor=actor, created_at=at, **fields,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def a_secret(monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "sk-acme-0123456789")


def deeds_of_every_kind(staff):
    """In this order, the last one a minute later."""
    transfer(1, reason="ticket 7")
    provider = Provider.objects.create(slug="acme", name="Acme", base_url="https://x.example")
    call_command("add_credential", provider="acme", from_env="ACME_SECRET", stdout=io.StringIO())
    alice = User.objects.create_user("alice@example.com")
    key, _ = keys.create(alice, "laptop")
    key_changes.change(key, {"disabled": True}, actor=staff.email, reason="stolen")
    member = Member.objects.create(owner=alice, user=User.objects.create_user("bob@example.com"))
    member_changes.note(member, {"role": ["member", "admin"]}, actor="command:root")
    LogEntry.objects.create(
        user=staff, content_type=ContentType.objects.get_for_model(Provider),
        object_id=provider.pk, object_repr="Acme", action_flag=CHANGE,
        change_message='[{"changed": {"fields": ["Base URL"]}}]',
        action_time=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip


def test_every_kind_of_deed_is_there_newest_first(operator, staff):
    deeds_of_every_kind(staff)
    html = operator.get("/operator/audit").content.decode()
    words = [
        "Changed provider",
        "Changed member",
        "Changed API key",
        "Changed credential",
        "Moved credits: grant",
    ]
    assert sorted(words, key=html.index) == words
    details = [
        "Changed Base URL.", "role: member → admin", "disabled: False → True", "stolen",
        "$5 from promo to user:1", "ticket 7", "laptop (sk-or-v1-", "acme: main",
    ]  # fmt: skip
    for detail in details:
        assert detail in html, detail


def found(**filters):
    entries, _ = audit_log.page(Filters(**filters), 100)
    return [entry.kind for entry in entries]


def test_filters(staff):
    deeds_of_every_kind(staff)
    everything = ["admin", "members", "keys", "credentials", "money"]
    assert found() == everything
    assert found(kind="keys") == ["keys"]
    assert found(kind="nonsense") == everything
    assert found(actor="STAFF@") == ["admin", "keys", "money"]
    noted_at = MemberChange.objects.get().at
    assert found(since=noted_at) == ["admin", "members"]
    assert found(until=noted_at) == ["keys", "credentials", "money"]


def test_what_users_did_themselves_is_there_when_asked_for(staff):
    key, _ = keys.create(User.objects.create_user("alice@example.com"))
    key_changes.change(key, {"name": "mine"}, actor="alice@example.com")
    transfer(1, actor="")
    assert found() == []
    assert found(everyone=True) == ["keys"]


def test_pages_follow_each_other_without_gap_or_repeat(operator, staff):
    deeds_of_every_kind(staff)
    for number in range(2, 130):
        # Many at the same moment, as a script makes them.
        transfer(number, at=NOW + timedelta(minutes=number // 50))
    seen, address = [], "/operator/audit"
    while address:
        answer = operator.get(address)
        seen += [entry.place for entry in answer.context["entries"]]
        mark = answer.context["next"]
        address = f"/operator/audit?before={mark}" if mark else ""
    everything = [entry.place for entry in audit_log.entries(Filters())]
    assert len(everything) == len(set(everything)) == 133
    assert seen == everything == sorted(everything, reverse=True)


@pytest.mark.parametrize(
    "query",
    ["before=x", "before=%00", "since=nonsense", "until=9999-12-31", "since=0001-01-01",
     "kind=nothing", "actor=%00", "actor=" + "x" * 500, "everyone=maybe"],
)  # fmt: skip
def test_any_query_is_answered(operator, staff, query):
    deeds_of_every_kind(staff)
    assert operator.get(f"/operator/audit?{query}").status_code == 200
    assert operator.get(f"/operator/audit.csv?{query}").status_code == 200


def test_csv_has_what_the_filters_show_and_no_formulas(operator, staff):
    deeds_of_every_kind(staff)
    transfer(2, reason="=HYPERLINK(1)")
    answer = operator.get("/operator/audit.csv?kind=money")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    assert [row["reason"] for row in rows] == ["'=HYPERLINK(1)", "ticket 7"]
    assert rows[0]["time"] == "2024-06-12T14:00:00Z"
    assert "audit-log.csv" in answer.headers["Content-Disposition"]


def test_staff_without_the_right_do_not_see_it(client):
    client.force_login(User.objects.create_user("bob@example.com", is_staff=True))
    assert client.get("/operator/audit").status_code == 403
    assert client.get("/operator/audit.csv").status_code == 403


def test_deed_on_a_row_that_is_gone_is_still_told(operator, staff):
    LogEntry.objects.create(
        user=staff, content_type=None, object_id="7", object_repr="Gone", action_flag=3
    )
    html = operator.get("/operator/audit").content.decode()
    assert re.search(r"Deleted row.*Gone", html, re.DOTALL)


def test_reading_takes_few_queries(operator, staff, django_assert_max_num_queries):
    deeds_of_every_kind(staff)
    for number in range(2, 40):
        transfer(number)
    with django_assert_max_num_queries(12):
        operator.get("/operator/audit")


@pytest.mark.parametrize("model", [LogEntry, KeyChange, MemberChange, Transfer, CredentialChange])
def test_records_cannot_be_changed(staff, model):
    deeds_of_every_kind(staff)
    field = {LogEntry: "object_repr", Transfer: "reason"}.get(model, "actor")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(**{field: "nobody"})
    if model not in {KeyChange, MemberChange}:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            model.objects.all().delete()


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_can_be_read_and_nothing_else(operator, method):
    assert getattr(operator, method)("/operator/audit").status_code == 405
