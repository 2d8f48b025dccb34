"""Credentials in the admin: entered, tested, never shown."""

from __future__ import annotations

import http.server
import threading

import pytest
from catalog_builders import endpoint_row, model_row, provider_row
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core import serializers
from django.urls import path, reverse

from catalog import credentials, encryption, load, models

urlpatterns = [path("admin/", admin.site.urls)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

SECRET = "sk-provider-0123456789abcdef"
LIST = "admin:catalog_credential_changelist"
CHANGE = "admin:catalog_credential_change"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Authorization"]))
        body = f"no such key {SECRET}".encode() if self.server.status >= 400 else b"{}"
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen, made.status = [], 200
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def provider(server):
    row = provider_row(
        base_url=f"http://127.0.0.1:{server.server_address[1]}/v1", models_path="/models"
    )
    endpoint_row(model_row(), row)
    return row


@pytest.fixture
def alice(client, settings):
    settings.CREDENTIALS_KEY = "1" * 32
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "servestatic" not in name]
    client.force_login(get_user_model().objects.create_superuser("alice@example.com"))
    return client


def entered(provider, **changes):
    fields = {
        "provider": provider.pk, "label": "main", "secret": SECRET, "position": 0, "enabled": "on",
    }  # fmt: skip
    sent = (fields | changes).items()
    return {name: value for name, value in sent if value is not None}


def add(client, provider, **changes):
    return client.post(reverse("admin:catalog_credential_add"), entered(provider, **changes))


def stored(client, provider, **changes):
    answer = add(client, provider, **changes)
    assert answer.status_code == 302, answer.context["errors"]
    return models.Credential.objects.latest("pk")


def texts(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_a_credential_is_entered_and_live_and_never_seen_again(alice, provider):
    row = stored(alice, provider)
    assert encryption.decrypt(row.encrypted) == SECRET and row.last_four == "cdef"
    assert load.read_version() == 1
    pages = [
        alice.get(reverse(CHANGE, args=[row.pk])),
        alice.get(reverse(LIST)),
        alice.get(reverse("admin:catalog_provider_change", args=[provider.pk])),
        alice.get(reverse("admin:catalog_credential_history", args=[row.pk])),
    ]
    for page in pages:
        assert page.status_code == 200
        assert SECRET not in page.content.decode() and row.encrypted not in page.content.decode()
    assert all("...cdef" in page.content.decode() for page in pages[:3])
    assert SECRET not in serializers.serialize("json", LogEntry.objects.all())


def test_a_form_that_is_refused_does_not_give_the_secret_back(alice, provider):
    answer = add(alice, provider, label="")
    assert answer.status_code == 200
    assert SECRET not in answer.content.decode()
    assert not models.Credential.objects.exists()


@pytest.mark.parametrize("changes", [{"secret": ""}, {"secret": "two words"}, {"label": SECRET}])
def test_what_cannot_be_a_credential_is_refused(alice, provider, changes):
    answer = add(alice, provider, **changes)
    assert answer.status_code == 200
    assert "secret" in answer.context["adminform"].form.errors
    assert load.read_version() == 0


def test_an_empty_secret_keeps_the_stored_one(alice, provider):
    row = stored(alice, provider)
    sent = entered(provider, secret="", label="renamed", position=5)
    assert alice.post(reverse(CHANGE, args=[row.pk]), sent).status_code == 302
    row.refresh_from_db()
    assert (row.label, row.position) == ("renamed", 5)
    assert encryption.decrypt(row.encrypted) == SECRET
    assert load.read_version() == 2


def test_a_new_secret_replaces_the_stored_one(alice, provider):
    row = stored(alice, provider)
    sent = entered(provider, secret="sk-second-0123456789")
    assert alice.post(reverse(CHANGE, args=[row.pk]), sent).status_code == 302
    row.refresh_from_db()
    assert encryption.decrypt(row.encrypted) == "sk-second-0123456789"
    assert row.last_four == "6789"


def test_a_stored_secret_does_not_move_to_another_provider(alice, provider):
    row = stored(alice, provider)
    other = provider_row("evil")
    alice.post(reverse(CHANGE, args=[row.pk]), entered(other, secret=""))
    row.refresh_from_db()
    assert row.provider == provider


def test_deleting_and_switching_off_go_live(alice, provider):
    row = stored(alice, provider)
    alice.post(reverse(LIST), {"action": "disable", "_selected_action": [row.pk]})
    assert credentials.of(provider) == () and load.read_version() == 2
    alice.post(reverse("admin:catalog_credential_delete", args=[row.pk]), {"post": "yes"})
    assert not models.Credential.objects.exists() and load.read_version() == 3


def test_the_environments_credentials_are_shown_on_the_providers_page(alice, monkeypatch):
    monkeypatch.setenv("LOCAL_KEY", SECRET)
    row = provider_row("local", credential_env=["LOCAL_KEY"])
    page = alice.get(reverse("admin:catalog_provider_change", args=[row.pk])).content.decode()
    assert "LOCAL_KEY ...cdef" in page and SECRET not in page
    assert alice.get(reverse("admin:catalog_provider_add")).status_code == 200


def test_an_unreadable_one_says_so(alice, provider, settings):
    row = stored(alice, provider)
    settings.CREDENTIALS_KEY = "2" * 32
    assert "unreadable" in alice.get(reverse(LIST)).content.decode()
    answer = alice.post(reverse("admin:catalog_credential_test", args=[row.pk]))
    assert "cannot be decrypted" in texts(answer)[0]


# --- The test ------------------------------------------------------------------------------------


def asked(client, row):
    return client.post(reverse(LIST), {"action": "test", "_selected_action": [row.pk]})


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, "OK in "),
        (401, "401: the provider refuses this key"),
        (403, "403: the provider refuses this key"),
        (402, "402: the provider wants this account to pay first"),
        (429, "429: this says nothing of the key"),
        (503, "503: this says nothing of the key. no such key ***"),
    ],
)
def test_the_action_asks_with_exactly_this_credential(alice, provider, server, status, text):
    stored(alice, provider, label="another", secret="sk-another-0123456789")
    row = stored(alice, provider, enabled=None, position=9)
    version = load.read_version()
    server.status = status
    (message,) = [each for each in texts(asked(alice, row)) if each.startswith("Deepinfra: main")]
    assert message.startswith(f"Deepinfra: main: {text}")
    assert server.seen == [("/v1/models", f"Bearer {SECRET}")]
    row.refresh_from_db()
    assert row.last_test_result.startswith(text) and row.last_tested_at is not None
    assert SECRET not in row.last_test_result
    assert load.read_version() == version


def test_the_button_of_the_page_does_the_same(alice, provider, server):
    row = stored(alice, provider)
    url = reverse("admin:catalog_credential_test", args=[row.pk])
    assert url in alice.get(reverse(CHANGE, args=[row.pk])).content.decode()
    answer = alice.post(url)
    assert answer.url == reverse(CHANGE, args=[row.pk])
    assert server.seen == [("/v1/models", f"Bearer {SECRET}")]
    assert alice.get(url).status_code == 405


def test_a_stand_in_is_never_asked_for_a_test(alice, provider, server, settings):
    settings.UNCONFIGURED_PROVIDER_URL = "http://127.0.0.1:1/{slug}"
    row = stored(alice, provider, enabled=None)
    asked(alice, row)
    row.refresh_from_db()
    assert row.last_test_result.startswith("OK")
    assert len(server.seen) == 1


def test_nothing_to_ask(alice):
    row = stored(alice, provider_row("lonely"))
    assert "no endpoint" in texts(asked(alice, row))[-1]
    endpoint_row(model_row(), row.provider)
    models.Provider.objects.update(base_url="https://{region}.example")
    assert "LONELY_REGION is not set" in texts(asked(alice, row))[-1]


def test_nobody_there(alice, provider, server):
    row = stored(alice, provider)
    models.Provider.objects.update(base_url="http://127.0.0.1:1/v1")
    assert "no answer: ConnectionError" in texts(asked(alice, row))[-1]


def test_who_may_only_look_may_not_test(alice, provider, server, client):
    row = stored(alice, provider)
    bob = get_user_model().objects.create_user("bob@example.com")
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_credential"))
    client.force_login(bob)
    asked(client, row)
    assert client.post(reverse("admin:catalog_credential_test", args=[row.pk])).status_code == 403
    assert server.seen == []
