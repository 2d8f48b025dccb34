"""Every list and every page of the admin opens, with rows, in few queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import key_changes, keys, member_changes
from accounts.models import ApiKey, Invitation, Member, ProviderKey, SignUpInvitation, User
from billing.models import (
    Account,
    AutoTopUp,
    Checkout,
    Generation,
    Hold,
    KeyBudget,
    MemberBudget,
    PaymentDispute,
    PaymentRefund,
    Transfer,
    WebhookEvent,
)
from catalog.models import Credential, Endpoint, Model, Provider
from openrouter_site.errors import Unauthorized
from rankings.models import RankedApp
from routing.models import EndpointStatistic, ProviderProbe

pytestmark = pytest.mark.django_db

_QUERIES_MAX = 25
NOW = timezone.now()


def make_rows(name):
    """One of everything, with rows of their own behind them."""
    owner = User.objects.create_user(f"{name}@example.com")
    user = User.objects.create_user(f"member-{name}@example.com")
    member = Member.objects.create(owner=owner, user=user)
    member_changes.note(member, {"role": ["member", "admin"]}, actor="staff@example.com")
    Invitation.objects.create(
        owner=owner, email=f"x{name}@example.com", digest=name, expires_at=NOW,
        invited_by="a",
    )  # fmt: skip
    SignUpInvitation.objects.create(email=f"new{name}@example.com")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    key, _ = keys.create(owner, name, member=member)
    key_changes.change(key, {"name": f"new {name}"}, actor="staff@example.com", reason="why")
    make_catalog(name, owner)
    make_money(name, owner, key, member)


def make_catalog(name, owner):
    provider = Provider.objects.create(slug=name, name=name, base_url="https://x.example/v1")
    Credential.objects.create(provider=provider, label=name, encrypted="?")
    model = Model.objects.create(slug=f"{name}/model", name=name)
    endpoint = Endpoint.objects.create(
        model=model, provider=provider, upstream_model="m",
        price_prompt_pico=1, price_completion_pico=1,
    )  # fmt: skip
    RankedApp.objects.create(identity=f"https://{name}.example", origin=f"https://{name}.example")
    ProviderKey.objects.create(user=owner, provider=provider, encrypted="?")
    ProviderProbe.objects.create(provider_slug=name, checked_at=NOW, ok=True)
    EndpointStatistic.objects.create(endpoint_id=endpoint.pk, starts_at=NOW, duration_s=60)


def make_money(name, owner, key, member):
    account = f"user:{owner.pk}"
    Account.objects.create(id=account, posted_nano=5)
    KeyBudget.objects.create(key=key, limit_nano=7)
    MemberBudget.objects.create(member=member, limit_nano=7)
    Hold.objects.create(
        id=f"gen-{name}", account_id=account, key_id=key.pk, amount_nano=1, details="{}",
        instance_id="i", created_at=NOW, expires_at=NOW,
    )  # fmt: skip
    Transfer.objects.create(
        id=f"grant:{name}", debit="promo", credit=account, amount_nano=5, kind="grant",
        ref=account, created_at=NOW,
    )  # fmt: skip
    Generation.objects.create(
        id=f"gen-{name}", user=owner, key=key, created_at=NOW, model="m", streamed=True,
        cost_nano=1, usage_source="local", tokens_prompt=1, tokens_completion=1,
        native_tokens_prompt=1, native_tokens_completion=1,
    )  # fmt: skip
    paid = Checkout.objects.create(
        id=f"pay-{name}", user=owner, account_id=account, kind="test", amount_nano=5, created_at=NOW
    )
    PaymentRefund.objects.create(
        id=f"ref-{name}", checkout=paid, user=owner, amount_nano=1, created_at=NOW
    )
    PaymentDispute.objects.create(
        id=f"dis-{name}", checkout=paid, account_id=account, amount_nano=1, created_at=NOW
    )
    AutoTopUp.objects.create(user=owner, account_id=account)
    WebhookEvent.objects.create(id=f"evt-{name}", type="x", sha="x", received_at=NOW)


OURS = [
    model for model in admin.site._registry if not model.__module__.startswith("django.")
]  # fmt: skip


def page_of(model, kind, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=arguments)


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("operator@example.com"))
    return client


def opened(client, page):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(page)
    assert answer.status_code == 200, page
    return answer, len(queries)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_lists_open_and_more_rows_need_no_more_queries(operator, model):
    make_rows("alice")
    _, few = opened(operator, page_of(model, "changelist"))
    for name in ("bob", "charlie", "dora", "emil", "frida"):
        make_rows(name)
    answer, many = opened(operator, page_of(model, "changelist"))
    assert answer.context["cl"].result_count >= 6
    assert many <= few <= _QUERIES_MAX


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_pages_of_rows_open_in_bounded_queries(operator, model):
    make_rows("alice")
    row = model._default_manager.order_by("pk").first()
    answer, queries = opened(operator, page_of(model, "change", quote(row.pk)))
    assert queries <= _QUERIES_MAX
    assert "Content-Security-Policy" in answer.headers


QUERIES = (
    "q=alice", "q=%00", "q=" + "x" * 3000, "o=99.-1", "p=-1", "p=9999", "id=abc",
    "user__id__exact=abc", "user__id__exact=" + "9" * 30, "id__exact=" + "9" * 30,
    "q=%27%22%3B--", "all=", "nonsense=1",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_lists_take_any_query(operator, query):
    make_rows("alice")
    for model in OURS:
        answer = operator.get(f"{page_of(model, 'changelist')}?{query}")
        assert answer.status_code in {200, 302, 400}, model


@pytest.mark.parametrize("pk", ["9" * 30, "-1", "x", "_00", "user:1"])
def test_rows_that_are_not_there_are_no_error(operator, pk):
    for model in OURS:
        assert operator.get(page_of(model, "change", pk)).status_code == 302, model


def test_links_from_a_user_lead_to_what_is_theirs_alone(operator):
    make_rows("alice")
    make_rows("bob")
    alice = User.objects.get(email="alice@example.com")
    page = operator.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    for link in [
        f"/admin/accounts/apikey/?user__id__exact={alice.pk}",
        f"/admin/billing/account/?q=user:{alice.pk}",
        f"/admin/billing/transfer/?q=user:{alice.pk}",
        f"/admin/billing/generation/?user__id__exact={alice.pk}",
        f"/admin/billing/checkout/?user__id__exact={alice.pk}",
    ]:
        assert link in page
        assert operator.get(link).context["cl"].result_count == 1, link


def test_an_account_is_found_by_its_owners_address(operator):
    make_rows("alice")
    make_rows("bob")
    found = operator.get("/admin/billing/account/?q=alice@").context["cl"]
    assert [row.pk for row in found.result_list] == [
        f"user:{User.objects.get(email='alice@example.com').pk}"
    ]


def test_rows_are_grouped_by_what_they_are(operator):
    page = operator.get("/admin/").content.decode()
    places = [page.index(f"{name}</a>") for name in
              ("People and keys", "Providers and models", "Ledger (to read)")]  # fmt: skip
    assert places == sorted(places)
    assert operator.get("/admin/billing/").status_code == 200


def act(client, model, action, *rows):
    return client.post(
        page_of(model, "changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows]},
        follow=True,
    )


def test_a_user_who_is_disabled_has_neither_keys_nor_sessions(operator, django_user_model):
    from django.test import Client

    alice = User.objects.create_user("alice@example.com", is_staff=True, is_superuser=True)
    _, key = keys.create(alice)
    assert keys.authenticate_blocking(f"Bearer {key}").user_id == alice.pk
    hers = Client()
    hers.force_login(alice)
    assert hers.get("/admin/").status_code == 200
    act(operator, User, "disable", alice)
    assert hers.get("/admin/").status_code == 302
    with pytest.raises(Unauthorized):
        keys.authenticate_blocking(f"Bearer {key}")
    assert LogEntry.objects.get().object_id == str(alice.pk)
    act(operator, User, "enable", alice)
    assert keys.authenticate_blocking(f"Bearer {key}").user_id == alice.pk


def test_an_operator_cannot_disable_himself(operator):
    himself = User.objects.get(email="operator@example.com")
    assert "You cannot disable yourself" in act(operator, User, "disable", himself).content.decode()
    assert User.objects.get(pk=himself.pk).is_active


def test_any_key_can_be_revoked_with_a_note_of_who_did(operator):
    row, key = keys.create(User.objects.create_user("bob@example.com"))
    assert keys.authenticate_blocking(f"Bearer {key}").id == row.pk
    act(operator, ApiKey, "revoke", row)
    with pytest.raises(Unauthorized):
        keys.authenticate_blocking(f"Bearer {key}")
    change = row.changes.get()
    assert (change.actor, change.what) == ("operator@example.com", {"disabled": [False, True]})


def test_users_are_not_deleted_in_the_admin(operator):
    bob = User.objects.create_user("bob@example.com", date_joined=NOW - timedelta(days=1))
    assert (
        operator.post(f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert "delete_selected" not in operator.get("/admin/accounts/user/").content.decode()


def test_secrets_of_signing_in_are_in_no_list():
    shown = {model._meta.app_label for model in admin.site._registry}
    assert not shown & {"mfa", "socialaccount", "usersessions"}
