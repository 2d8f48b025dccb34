"""Settings, privacy and leaving, without a browser: who may, what is refused, what is kept."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from api_rows import account, generation, key_of, person, small_catalog
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from sessions import sign_in

from accounts import keys
from accounts.models import KeptPrompt, User
from billing.models import Generation
from catalog.models import Provider, bump_version

pytestmark = pytest.mark.django_db

ADDRESSES = [
    ("get", "/settings"),
    ("get", "/settings/privacy"),
    ("post", "/settings/privacy/prompts"),
    ("post", "/settings/privacy/erase"),
    ("get", "/settings/export"),
    ("get", "/settings/close"),
    ("get", "/settings/provider-keys"),
    ("post", "/settings/provider-keys/1/up"),
    ("post", "/settings/provider-keys/at/openai"),
]
DEFAULTS = {"time_zone": "UTC", "theme": "system"}


@pytest.fixture
def alice(client):
    small_catalog()
    cache.clear()
    alice = person(password="wonder-pass-word")
    sign_in(client, alice)
    return alice


def fresh(user):
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_nobody_gets_there_who_is_not_signed_in(client, settings, method, address):
    answer = getattr(client, method)(address)
    assert answer.status_code == 302
    assert f"next={address}" in answer["Location"]


@pytest.mark.parametrize("address", ["/settings/privacy/prompts", "/settings/privacy/erase"])
def test_what_changes_something_needs_a_post(client, alice, address):
    assert client.get(address).status_code == 405


def test_forms_need_their_token(alice):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post("/settings", DEFAULTS).status_code == 403


def test_defaults_are_saved_and_count_for_the_keys(client, alice):
    _, key, _ = key_of(alice)
    before = keys.authenticate_blocking(f"Bearer {key}")
    assert (before.middle_out, before.ignored_providers) == (True, frozenset())
    answer = client.post(
        "/settings",
        {
            **DEFAULTS, "default_model": "openai/gpt-4", "ignored_providers": ["azure"],
            "time_zone": "Europe/Berlin", "theme": "dark", "low_balance": "$2.50",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert answer.cookies["theme"].value == "dark"
    user = fresh(alice)
    assert (user.default_model, user.ignored_providers) == ("openai/gpt-4", ["azure"])
    assert (user.time_zone, user.theme, user.shortcuts) == ("Europe/Berlin", "dark", False)
    assert user.low_balance_nano == 2_500_000_000
    now = keys.authenticate_blocking(f"Bearer {key}")
    assert (now.middle_out, now.ignored_providers) == (False, frozenset({"azure"}))
    assert now.default_model == "openai/gpt-4"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"default_model": "no/such"}, "no/such is not the id of a model here"),
        ({"default_model": "openai/shap-e"}, "makes media"),
        ({"default_model": "x" * 129}, "at most 128"),
        ({"ignored_providers": ["nobody"]}, "nobody is not one of the available choices"),
        ({"time_zone": "Mars/Olympus"}, "name of a time zone"),
        ({"time_zone": ""}, "required"),
        ({"theme": "pink"}, None),
        ({"low_balance": "-1"}, "Must not be negative"),
        ({"low_balance": "a lot"}, "a lot"),
        ({"low_balance": "99999999"}, "At most $1,000,000"),
        ({"default_model": "nul\0"}, "Null characters"),
    ],
)
def test_wrong_defaults_are_told_and_change_nothing(client, alice, fields, words):
    answer = client.post("/settings", {**DEFAULTS, "middle_out": "on", **fields})
    assert answer.status_code == 200
    if words:
        assert words in answer.content.decode()
    user = fresh(alice)
    assert (user.default_model, user.ignored_providers, user.middle_out) == ("", [], True)


def test_the_theme_of_the_account_wins_over_that_of_the_browser(client, alice):
    client.cookies["theme"] = "light"
    assert 'data-theme="light"' in client.get("/settings").content.decode()
    User.objects.filter(pk=alice.pk).update(theme="dark")
    assert 'data-theme="dark"' in client.get("/settings").content.decode()
    client.post(reverse("pages:theme"), {"theme": "light"})
    assert fresh(alice).theme == "light"
    assert client.cookies["theme"].value == "light"


def test_shortcuts_can_be_switched_off(client, alice):
    assert 'data-keys="off"' not in client.get("/settings").content.decode()
    client.post("/settings", DEFAULTS)
    assert 'data-keys="off"' in client.get("/settings").content.decode()


# --- Data policy ---------------------------------------------------------------------------------


@pytest.fixture
def azure_keeps(alice):
    with transaction.atomic():
        bump_version()
        Provider.objects.update(may_train=False, retains_prompts=False)
        Provider.objects.filter(slug="azure").update(retains_prompts=True)
    return alice


def test_a_preview_shows_and_changes_nothing(client, azure_keeps):
    page = client.post("/settings/privacy", {"allow_training": "on", "preview": "1"})
    text = " ".join(page.content.decode().split())
    assert "3 of 4 models stay" in text and "1 provider drops out" in text
    assert "mistralai/mistral-7b-instruct:free" in text
    assert "not saved yet" in text and "&quot;zdr&quot;: true" in text
    assert fresh(azure_keeps).allow_retention


def test_a_script_gets_the_effect_alone(client, azure_keeps):
    answer = client.post("/settings/privacy", {"preview": "1"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert text.lstrip().startswith('<div class="effect"') and "<html" not in text
    assert "HX-Request" in answer["Vary"]


def test_a_policy_is_saved_and_shown(client, azure_keeps):
    answer = client.post("/settings/privacy", {"allow_training": "on"}, follow=True)
    assert "Data policy saved" in answer.content.decode()
    user = fresh(azure_keeps)
    assert (user.allow_training, user.allow_retention) == (True, False)
    text = client.get("/settings/privacy").content.decode()
    assert "not saved yet" not in text and "may keep prompts" in text


# --- Kept prompts --------------------------------------------------------------------------------


def test_prompts_are_not_kept_unless_somebody_says_so(client, alice):
    assert not alice.log_prompts
    client.post("/settings/privacy/prompts", {"log_prompts": "on", "prompt_days": "7"})
    user = fresh(alice)
    assert (user.log_prompts, user.prompt_days) == (True, 7)
    client.post("/settings/privacy/prompts", {"prompt_days": "7"})
    assert not fresh(alice).log_prompts


@pytest.mark.parametrize("days", ["0", "91", "-1", "", "soon", "1e9"])
def test_days_have_bounds(client, alice, days):
    answer = client.post("/settings/privacy/prompts", {"log_prompts": "on", "prompt_days": days})
    assert answer.status_code == 200
    assert 'id="id_prompt_days_error"' in answer.content.decode()
    assert not fresh(alice).log_prompts


def test_erasing_takes_only_ones_own(client, alice):
    bob = person("bob")
    for user in (alice, bob):
        KeptPrompt.objects.create(
            generation_id=f"gen-{user.pk}", user=user, created_at=timezone.now(), encrypted="x"
        )
    assert "1 request kept" in client.get("/settings/privacy").content.decode()
    answer = client.post("/settings/privacy/erase", follow=True)
    assert "Erased: 1 request." in answer.content.decode()
    assert KeptPrompt.objects.get().user_id == bob.pk


# --- Export, and leaving -------------------------------------------------------------------------


def test_export_is_a_zip_made_while_it_is_sent(client, alice):
    answer = client.get("/settings/export")
    assert answer.streaming and answer["Content-Type"] == "application/zip"
    assert answer["Cache-Control"] == "no-store"
    assert re.search(r'attachment; filename="my-data-[-0-9]+.zip"', answer["Content-Disposition"])


def closing_words(**fields):
    return {"email": "alice@example.com", "password": "wonder-pass-word", **fields}


def test_open_credits_are_named_before_and_the_account_closes(client, alice):
    account(alice, "12.34")
    _, key, _ = key_of(alice)
    generation(alice, app_title="wonder-app")
    text = client.get("/settings/close").content.decode()
    assert "$12.34 of credits are left" in text and "1 API key: apps that use it" in text
    answer = client.post("/settings/close", closing_words(), follow=True)
    assert "Your account is closed" in answer.content.decode()
    user = fresh(alice)
    assert user.closed_at and "alice" not in user.email
    assert client.get("/settings").status_code == 302
    assert not client.login(email="alice@example.com", password="wonder-pass-word")
    assert Generation.objects.get().app_title == ""
    with pytest.raises(Exception, match="User not found"):
        keys.authenticate_blocking(f"Bearer {key}")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "bob@example.com"}, "Type alice@example.com to go on"),
        ({"email": ""}, "required"),
        ({"password": "wrong"}, "This is not your password"),
        ({"password": ""}, "This is not your password"),
    ],
)
def test_the_wrong_words_close_nothing(client, alice, fields, words):
    answer = client.post("/settings/close", closing_words(**fields))
    assert words in answer.content.decode()
    assert fresh(alice).is_active
    assert "wonder-pass-word" not in answer.content.decode()


def test_passwords_cannot_be_guessed_here(client, alice):
    for _ in range(5):
        assert client.post("/settings/close", closing_words(password="no")).status_code == 200
    assert client.post("/settings/close", closing_words()).status_code == 429
    assert fresh(alice).is_active


def test_who_has_no_password_must_have_signed_in_just_now(client, alice):
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)
    words = {"email": "alice@example.com"}
    User.objects.filter(pk=alice.pk).update(last_login=timezone.now() - timedelta(hours=1))
    assert "Sign in again first" in client.post("/settings/close", words).content.decode()
    assert fresh(alice).is_active
    User.objects.filter(pk=alice.pk).update(last_login=timezone.now())
    assert client.post("/settings/close", words).status_code == 302
    assert not fresh(alice).is_active


def test_the_only_operator_is_told_why_not(client, alice):
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    answer = client.post("/settings/close", closing_words())
    assert "only operator" in answer.content.decode()
    assert fresh(alice).is_active
