"""Codes: what is kept of them, how many may wait, and when they are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import challenges, keys, pkce
from accounts.app_requests import KeyTerms
from accounts.models import ApiKey, AuthCode, User
from accounts.tasks import prune_codes
from openrouter_site.errors import Conflict, Forbidden

pytestmark = pytest.mark.django_db
ORIGIN = "https://app.example"


@pytest.fixture
def alice():
    return User.objects.create_user("alice@example.com")


def issue(user, challenge=None, **fields):
    plain = challenges.read(challenge, None, only_s256=False)
    return pkce.issue(user.pk, ORIGIN, plain, KeyTerms("app"), **fields)


def test_codes_differ_and_have_256_bits(alice):
    codes = {issue(alice)[1] for _ in range(20)}
    assert len(codes) == 20
    assert all(len(code.removeprefix("auth_code_")) == 43 for code in codes)


def test_neither_code_nor_plain_verifier_is_kept(alice):
    row, code = issue(alice, "correct horse battery staple")
    kept = str(AuthCode.objects.filter(pk=row.pk).values().get())
    assert code not in kept and code.removeprefix("auth_code_") not in kept
    assert "correct horse" not in kept
    assert challenges.sha256(code) in kept


@pytest.mark.parametrize(
    "code", ["", "x", "auth_code_", "auth_code_" + "A" * 43, "A" * 256, "\ud800"]
)
def test_what_was_never_issued_is_not_found(alice, code):
    issue(alice)
    with pytest.raises(Forbidden) as refused:
        pkce.find(code)
    assert refused.value.metadata == {"reason": "unknown_code"}


def test_what_cannot_be_a_code_is_not_looked_up(django_assert_num_queries):
    with django_assert_num_queries(0):
        for code in ("x" * 53, "auth_code_" + "x" * 200):
            with pytest.raises(Forbidden):
                pkce.find(code)


def test_code_of_an_inactive_user_is_not_found(alice):
    _, code = issue(alice)
    assert pkce.find(code).user == alice
    User.objects.update(is_active=False)
    with pytest.raises(Forbidden) as refused:
        pkce.find(code)
    assert refused.value.metadata == {"reason": "unknown_code"}


@pytest.mark.parametrize("change", ["disabled", "expired"])
def test_code_made_by_a_key_ends_with_it(alice, change):
    maker, _ = keys.create(alice)
    _, code = issue(alice, made_by=maker)
    assert pkce.find(code).made_by == maker
    past = timezone.now() - timedelta(seconds=1)
    ApiKey.objects.update(**({"disabled": True} if change == "disabled" else {"expires_at": past}))
    with pytest.raises(Forbidden):
        pkce.find(code)


def test_no_more_than_fifty_wait_for_one_user(alice):
    for _ in range(50):
        issue(alice)
    with pytest.raises(Conflict):
        issue(alice)
    issue(User.objects.create_user("bob@example.com"))
    AuthCode.objects.update(created_at=timezone.now() - timedelta(seconds=pkce.LIFETIME_S))
    issue(alice)


def test_codes_are_forgotten_after_a_month(alice):
    old, _ = issue(alice)
    young, _ = issue(alice)
    for row, days in ((old, 31), (young, 29)):
        created_at = timezone.now() - timedelta(days=days)
        AuthCode.objects.filter(pk=row.pk).update(created_at=created_at)
    prune_codes()
    prune_codes()
    assert list(AuthCode.objects.all()) == [young]


@pytest.mark.parametrize(
    "fields",
    [{"limit_nano": -1}, {"method": "S256"}, {"challenge": "ab"}],
)
def test_database_refuses_what_makes_no_sense(alice, fields):
    row, _ = issue(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthCode.objects.filter(pk=row.pk).update(**fields)


def test_one_key_has_one_code(alice):
    key, _ = keys.create(alice)
    first, second = issue(alice)[0], issue(alice)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        pkce.note_key(first, key)  # not used yet
    AuthCode.objects.update(used_at=timezone.now())
    pkce.note_key(first, key)
    with pytest.raises(IntegrityError), transaction.atomic():
        pkce.note_key(second, key)
