"""A user's own provider keys: what is kept of them, who may have how many, and who sees them."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, connections

from accounts import keys, own_providers, provider_keys
from accounts.models import ProviderKey, User
from catalog import encryption
from catalog.models import Credential, Provider

SECRET = "sk-own-0123456789abWXYZ"
ONE, TWO = "1" * 32, "2" * 32
GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"


@pytest.fixture(autouse=True)
def encrypted_with(settings):
    settings.CREDENTIALS_KEY = ONE


def person(name="alice"):
    return User.objects.create_user(f"{name}@example.com")


def provider(slug="openai", **fields):
    return Provider.objects.create(
        slug=slug, name=slug.title(), base_url=f"https://{slug}.example", **fields
    )


def added(user, at, secret=SECRET, **fields):
    return provider_keys.create(user.pk, at, secret, fields)


def service_account(**changes):
    return json.dumps(
        {"client_email": "a@b.example", "private_key": "-----BEGIN", "private_key_id": "abcdef12",
         "token_uri": GOOGLE_TOKENS} | changes
    )  # fmt: skip


# --- At rest -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_is_encrypted_and_shown_by_its_end():
    row = added(person(), provider())
    row.refresh_from_db()
    assert SECRET not in row.encrypted and encryption.decrypt(row.encrypted) == SECRET
    assert row.ending == "...WXYZ"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_providerkey")
        assert SECRET not in repr(cursor.fetchall())


@pytest.mark.django_db
def test_nothing_that_is_loaded_shows_it():
    alice = person()
    added(alice, provider(), name="mine")
    _, key = keys.create(alice)
    caller = keys.authenticate_blocking(f"Bearer {key}")
    own = caller.own_providers["openai"].before[0]
    for seen in (caller, own, own.credential(), caller.own_providers["openai"]):
        assert SECRET not in repr(seen) and "gAAAA" not in repr(seen)
    assert own.credential().secret == SECRET and own.credential() is own.credential()
    assert own.credential().source == "own"


@pytest.mark.django_db
def test_rotation_takes_them_along(settings, capsys):
    row = added(person(), provider())
    settings.CREDENTIALS_KEY = f"{TWO},{ONE}"
    call_command("rotate_credentials")
    assert "1." in capsys.readouterr().out
    settings.CREDENTIALS_KEY = TWO
    row.refresh_from_db()
    assert encryption.decrypt(row.encrypted) == SECRET
    assert not Credential.objects.exists()


@pytest.mark.django_db
def test_one_that_cannot_be_decrypted_is_told_once_and_not_used(settings, caplog):
    alice = person()
    added(alice, provider())
    settings.CREDENTIALS_KEY = TWO
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            assert own_providers.load(alice.pk)["openai"].before[0].credential() is None
    assert len(caplog.records) == 1 and "CREDENTIALS_KEY" in caplog.text


# --- What is loaded ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_they_are_loaded_in_their_order_and_none_of_another_user():
    alice, bob, openai = person(), person("bob"), provider()
    added(alice, openai, name="two", sort_order=2)
    added(alice, openai, name="later", position="after")
    added(alice, openai, name="one", sort_order=1)
    added(alice, openai, name="off", disabled=True)
    added(alice, provider("mistral"), name="other", never_fall_back=True)
    added(bob, openai, name="bobs")
    own = own_providers.load(alice.pk)
    assert set(own) == {"openai", "mistral"}
    assert [key.label for key in own["openai"].before] == ["one", "two"]
    assert [key.label for key in own["openai"].after] == ["later"]
    assert not own["openai"].never_fall_back and own["mistral"].never_fall_back
    assert own_providers.load(person("charlie").pk) == {}


@pytest.mark.django_db
def test_a_new_secret_is_another_key_to_whoever_held_the_old_one_back():
    alice = person()
    row = added(alice, provider())
    before = own_providers.load(alice.pk)["openai"].before[0].id
    provider_keys.change(row, {"name": "renamed"})
    assert own_providers.load(alice.pk)["openai"].before[0].id == before
    provider_keys.change(row, {}, "sk-another-0123456789")
    assert own_providers.load(alice.pk)["openai"].before[0].id != before


@pytest.mark.django_db
def test_a_change_is_known_at_once_where_it_was_made():
    alice = person()
    _, key = keys.create(alice)

    def own():
        return keys.authenticate_blocking(f"Bearer {key}").own_providers

    assert own() == {}
    row = added(alice, provider())
    assert set(own()) == {"openai"}
    provider_keys.change(row, {"disabled": True})
    assert own() == {}
    provider_keys.change(row, {"disabled": False})
    provider_keys.delete(row)
    assert own() == {}


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_user_has_twenty_at_most():
    alice, openai = person(), provider()
    for _ in range(provider_keys.KEYS_MAX):
        added(alice, openai)
    with pytest.raises(ValidationError, match="at most 20"):
        added(alice, openai)
    assert added(person("bob"), openai).pk


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_get_past_the_limit_together():
    alice, openai = person(), provider()
    for _ in range(provider_keys.KEYS_MAX - 1):
        added(alice, openai)
    refused = []

    def add():
        try:
            added(alice, openai)
        except ValidationError:
            refused.append(True)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert ProviderKey.objects.count() == provider_keys.KEYS_MAX


@pytest.mark.django_db
@pytest.mark.parametrize(
    "secret",
    ["", "with a space", "é" * 20, "x" * 20_000, "{}", '{"a":' + "[" * 9000, "line\nbreak-0123"],
)
def test_what_is_no_key_is_refused_without_repeating_it(secret):
    with pytest.raises(ValidationError) as refused:
        added(person(), provider(), secret)
    assert not secret or secret not in str(refused.value)
    assert not ProviderKey.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"token_uri": "http://169.254.169.254/latest"},
        {"token_uri": "https://oauth2.googleapis.com.example/token"},
        {"token_uri": None},
        {"private_key_id": "a\0b"},
        {"private_key_id": ["a"]},
    ],
)
def test_a_service_account_does_not_choose_whom_this_server_calls(changes):
    google = provider("google-vertex", auth_kind=Provider.AuthKind.GOOGLE)
    with pytest.raises(ValidationError):
        added(person(), google, service_account(**changes))
    assert added(person("bob"), google, service_account()).ending == "(too short to show an end)"


@pytest.mark.django_db
def test_a_name_that_holds_the_secret_is_refused():
    with pytest.raises(ValidationError, match="label"):
        added(person(), provider(), name=f"my {SECRET}")


# --- The operator --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_operator_sees_no_secret_and_may_switch_one_off(client):
    client.force_login(User.objects.create_superuser("operator@example.com", "x" * 20))
    alice = person()
    row = added(alice, provider(), name="mine")
    pages = ["/admin/accounts/providerkey/", f"/admin/accounts/providerkey/{row.pk}/change/"]
    for page in pages:
        text = client.get(page).content.decode()
        assert "...WXYZ" in text and SECRET not in text and row.encrypted not in text
    assert client.get("/admin/accounts/providerkey/add/").status_code == 403
    client.post(pages[1], {"disabled": "on"})
    assert own_providers.load(alice.pk) == {}
    client.post(f"/admin/accounts/providerkey/{row.pk}/delete/", {"post": "yes"})
    assert not ProviderKey.objects.exists()
