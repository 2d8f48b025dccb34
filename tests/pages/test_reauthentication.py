"""Whoever signed in long ago is asked who he is before he gets at what is worth stealing.

GUARDED has the requests that ask, FREE the routes that never do, or not for what is not GUARDED. A
new route fails here until it is in one of them; a page that loses its guard fails too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from consent_rows import CALLBACK, S256, agree, answer_of, link
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse
from page_rows import NOON, World, world
from sessions import sign_in

from accounts.models import ApiKey, AuthCode, Invitation, ProviderKey, User
from billing.models import AutoTopUp, Checkout

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-sentence-of-mine"
REAUTHENTICATE = "/accounts/reauthenticate/"
LONG_AGO_S = 7201
CONSENT = link(f"{CALLBACK}?x=1&y=a%20b", **S256, state="s&t", key_label="My app")


@pytest.fixture(autouse=True)
def _fast_hashes_and_no_tries_yet(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@dataclass(frozen=True)
class Ask:
    """One request about something of alice's. `back`: where one comes to, if it is not this."""

    name: str
    method: str = "GET"
    data: dict = field(default_factory=dict)
    of: str = ""
    query: str = ""
    back: str = ""

    def path(self, there):
        path = reverse(f"pages:{self.name}", args=THINGS[self.of](there))
        return f"{path}?{self.query}" if self.query else path

    def back_to(self, there):
        if not self.back:
            return self.path(there)
        return reverse(f"pages:{self.back}", args=THINGS[self.of](there))

    def send(self, client, there, **more):
        send = client.post if self.method == "POST" else client.get
        return send(self.path(there), self.data or None, **more)


THINGS = {
    "": lambda there: [],
    "key": lambda there: [there.keys["alice"].pk],
    "member": lambda there: [there.members["charlie"].pk],
    "payment": lambda there: ["pay_alice"],
}
NEW_KEY = {"name": "x", "lifetime": "never", "kind": "inference", "token": "t"}
GUARDED = [
    Ask("key-new"),
    Ask("key-new", query="holder=7"),
    Ask("key-new", "POST", NEW_KEY),
    Ask("key", "POST", {"name": "x", "lifetime": "never"}, of="key"),
    Ask("key-switch", "POST", {"disabled": "0"}, of="key", back="key"),
    Ask("key-rotate", of="key"),
    Ask("key-rotate", "POST", {"overlap": "0", "token": "t"}, of="key"),
    Ask("byok", "POST", {"provider": "openai", "key": "sk-0123456789"}),
    Ask("credits-pay", "POST", {"amount": "10", "total": "10", "token": "t"}, back="credits"),
    Ask("auto-top-up", "POST", {"threshold": "1", "amount": "10"}, back="credits"),
    Ask("refund", of="payment"),
    Ask("refund", "POST", {"amount": "1", "token": "t"}, of="payment"),
    Ask("member-invite"),
    Ask("member-invite", "POST", {"email": "x@example.com", "role": "member"}, query="account="),
    Ask("member", "POST", {"role": "admin"}, of="member"),
    Ask("export", back="settings"),
    Ask("consent", query=urlsplit(CONSENT).query),
    Ask("consent", "POST", {"authorize": ""}, query=urlsplit(CONSENT).query),
    Ask("end-sessions", "POST", back="security"),
    Ask("set-password"),
]
FREE = {
    # Only looks, or changes nothing that is worth stealing.
    "landing", "theme", "activity", "activity-csv", "request", "consent-debug", "connected", "keys",
    "members", "operator", "doctor", "doctor-mail", "audit", "audit-csv", "settings", "privacy",
    "prompts", "credits", "credits-quote", "credits-history", "credits-statement", "payments",
    "payment", "security", "membership", "moved-factors", "moved-passkeys", "moved-sessions",
    "styleguide", "byok-act", "byok-only", "quick",
    # Makes things safer, and must be quick.
    "consent-switch", "revoke-app", "revoke-app-key", "key-delete", "leaked", "member-remove",
    "membership-leave", "invitation-withdraw", "erase-prompts", "end-session",
    # Asks for a password, a token, or the right account itself.
    "close", "setup", "invitation",
}  # fmt: skip
QUICK = [
    Ask("key", of="key"),
    Ask("key-switch", "POST", {"disabled": "1"}, of="key"),
    Ask("key-delete", of="key"),
    Ask("key-delete", "POST", {"name": "alice's"}, of="key"),
    Ask("byok"),
    Ask("auto-top-up", "POST", {"off": "1"}),
    Ask("member-remove", "POST", of="member"),
    Ask("revoke-app", "POST", {"origin": "https://app.example"}),
    Ask("erase-prompts", "POST"),
    Ask("consent", "POST", {"cancel": ""}, query=urlsplit(CONSENT).query),
    Ask("leaked"),
]


def named(asks):
    return [f"{number}-{ask.name}-{ask.method}" for number, ask in enumerate(asks)]


@pytest.fixture
def there() -> World:
    found = world()
    found.alice.set_password(PASSWORD)
    found.alice.save()
    Checkout.objects.create(
        id="pay_alice", user=found.alice, account_id=f"user:{found.alice.pk}", kind="test",
        state="paid", amount_nano=10**10, created_at=NOON,
    )  # fmt: skip
    return found


def signed_in(user, age_s=LONG_AGO_S, **how):
    client = Client()
    sign_in(client, user, age_s=age_s, **how)
    return client


def asked(answer):
    """(page that asks, where it leads back to)"""
    assert answer.status_code == 302, answer.content[:300]
    parts = urlsplit(answer["Location"])
    assert not parts.netloc
    return parts.path, parse_qs(parts.query)["next"][0]


def texts(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def possessions():
    """What no guarded request may have changed."""
    return (
        ApiKey.objects.count(), list(ApiKey.objects.values_list("name", "disabled")),
        AuthCode.objects.count(), Invitation.objects.count(), ProviderKey.objects.count(),
        Checkout.objects.count(), AutoTopUp.objects.count(),
    )  # fmt: skip


# --- Which pages ask --------------------------------------------------------------------------


def test_every_route_says_whether_it_asks():
    routes = {pattern.name for pattern in get_resolver("pages.urls").url_patterns if pattern.name}
    assert routes <= FREE | {ask.name for ask in GUARDED}, "say in GUARDED or FREE if it asks"


@pytest.mark.parametrize("ask", GUARDED, ids=named(GUARDED))
def test_sign_in_of_long_ago_is_confirmed_first_and_nothing_is_done(there, ask):
    before = possessions()
    answer = ask.send(signed_in(there.alice), there)
    assert asked(answer) == (REAUTHENTICATE, ask.back_to(there))
    assert "no-store" in answer["Cache-Control"]
    assert possessions() == before


@pytest.mark.parametrize("ask", GUARDED, ids=named(GUARDED))
def test_sign_in_of_just_now_is_enough(there, ask):
    answer = ask.send(signed_in(there.alice, age_s=0), there)
    assert not answer.get("Location", "").startswith(REAUTHENTICATE)


@pytest.mark.parametrize("ask", GUARDED, ids=named(GUARDED))
def test_htmx_leads_the_whole_page_away(there, ask):
    headers = {"HX-Request": "true"}
    answer = ask.send(signed_in(there.alice), there, headers=headers)
    assert answer.status_code == 204 and "Location" not in answer
    assert answer["HX-Redirect"].startswith(f"{REAUTHENTICATE}?next=")
    if ask.name != "consent":
        answer = ask.send(Client(), there, headers=headers)
        assert answer["HX-Redirect"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("ask", QUICK, ids=named(QUICK))
def test_what_looks_or_makes_things_safer_never_asks(there, ask):
    answer = ask.send(signed_in(there.alice), there)
    assert not answer.get("Location", "").startswith(REAUTHENTICATE)


def test_the_window_is_a_setting(there, settings):
    client = signed_in(there.alice, age_s=100)
    assert client.get("/settings/keys/new").status_code == 200
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 99
    assert asked(client.get("/settings/keys/new"))[0] == REAUTHENTICATE


# --- The way there and back -------------------------------------------------------------------


def next_in(client, answer):
    """What the page that asks sends along with the password."""
    page = client.get(answer["Location"])
    assert page.status_code == 200
    _, form = page.content.decode().split(f'action="{REAUTHENTICATE}"')
    return unescape(re.search(r'name="next" value="([^"]*)"', form).group(1))


def confirm(client, answer):
    form = {"password": PASSWORD, "next": next_in(client, answer)}
    return client.post(REAUTHENTICATE, form)


@pytest.mark.parametrize("ask", GUARDED, ids=named(GUARDED))
def test_the_password_leads_back_to_a_page_that_is_there(there, ask):
    client = signed_in(there.alice)
    back = confirm(client, ask.send(client, there))
    assert back["Location"] == ask.back_to(there)
    follows = client.get(back["Location"])
    # Whoever has a password changes it elsewhere; `holder=7` is nobody's.
    assert follows.status_code == (302 if ask.name == "set-password" else 200)


def test_a_form_that_comes_too_late_says_that_it_must_be_sent_again(there):
    client = signed_in(there.alice)
    late = client.post("/settings/credits/pay", {"amount": "10", "total": "10", "token": "t"})
    assert texts(late) == ["Confirm that it is you, then press the button again."]
    page = client.get(confirm(client, late)["Location"])
    assert "Nothing was done yet" in page.content.decode()


def test_a_page_that_simply_follows_says_nothing(there):
    client = signed_in(there.alice)
    answer = client.get("/settings/keys/new")
    assert texts(answer) == []
    page = client.get(confirm(client, answer)["Location"])
    assert "Nothing was done yet" not in page.content.decode()


def test_a_form_that_was_given_up_is_not_spoken_of_elsewhere(there):
    client = signed_in(there.alice)
    client.post("/settings/credits/pay", {"amount": "10"})
    back = confirm(client, client.get("/accounts/2fa/totp/activate/"))
    assert back["Location"] == "/accounts/2fa/totp/activate/"
    assert "Nothing was done yet" not in client.get(back["Location"]).content.decode()


def test_a_wrong_password_opens_nothing_and_keeps_the_way_back(there):
    client = signed_in(there.alice)
    where = next_in(client, client.get("/settings/keys/new"))
    page = client.post(REAUTHENTICATE, {"password": "wrong", "next": where})
    assert page.status_code == 200 and f'value="{where}"' in page.content.decode()
    assert asked(client.get("/settings/keys/new"))[0] == REAUTHENTICATE


def test_apps_request_survives_whole_and_the_app_gets_its_code(there):
    client = signed_in(there.alice)
    back = confirm(client, client.get(CONSENT))["Location"]
    assert back == CONSENT
    assert client.get(back).context["asked"].state == "s&t"
    answer = answer_of(agree(client, back))
    assert answer["x"] == "1" and answer["y"] == "a b" and answer["code"]


def test_a_bad_request_of_an_app_is_refused_without_a_question(there):
    assert signed_in(there.alice).get(link("javascript:alert(1)")).status_code == 400


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(there, away):
    client = signed_in(there.alice)
    client.post("/settings/credits/pay", {"amount": "10"})
    assert client.post(REAUTHENTICATE, {"password": PASSWORD, "next": away})["Location"] == "/"


# --- Whoever has no password ------------------------------------------------------------------


def test_records_of_somebody_else_in_the_session_count_for_nobody(there):
    client = signed_in(there.alice, age_s=0)
    client.force_login(User.objects.get(pk=there.bob.pk))
    assert client.get("/settings/keys/new").status_code == 302


def test_a_social_account_is_no_proof_for_whoever_has_a_password(there):
    client = signed_in(there.alice, method="socialaccount", age_s=0)
    assert asked(client.get("/settings/keys/new"))[0] == REAUTHENTICATE


def test_a_social_account_is_all_that_somebody_has(there):
    client = signed_in(there.bob, method="socialaccount", age_s=0)
    assert client.get("/settings/keys/new").status_code == 200
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_without_any_means_one_chooses_a_password_by_e_mail_and_is_in_no_circle(there):
    client = signed_in(there.bob, method="socialaccount")
    answer = client.get("/settings/keys/new")
    assert asked(answer) == ("/accounts/password/reset/", "/settings/keys/new")
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert "Choose a password by e-mail" in page.content.decode()


@pytest.mark.parametrize(
    "path",
    ["/accounts/password/set/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"],
)
def test_a_stolen_session_gives_itself_no_means(there, path):
    client = signed_in(there.bob, method="socialaccount")
    for answer in (client.get(path), client.post(path, {"password1": PASSWORD})):
        assert asked(answer)[0] == "/accounts/password/reset/"
    there.bob.refresh_from_db()
    assert not there.bob.has_usable_password()
