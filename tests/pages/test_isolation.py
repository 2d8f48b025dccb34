"""Nobody gets at what is another's: over every route of the pages, generated.

A new route fails here until it says what it is: PUBLIC, PERSONAL (a page about whoever is signed
in), or a row of OBJECTS: how something of alice's is asked for. Then strangers, former members and
the signed-out are sent there: they must meet what does not exist at all.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from allauth.usersessions.models import UserSession
from consent_rows import ORIGIN, connected
from django.conf import settings
from django.shortcuts import resolve_url
from django.urls import URLResolver, get_resolver, reverse
from page_rows import NOON, browser, generation, world

from accounts.models import ProviderKey
from billing import app_keys
from billing.models import Checkout
from catalog.models import Provider

pytestmark = pytest.mark.django_db
NOBODYS = 999_999_999

PUBLIC = {
    "landing", "theme", "leaked", "styleguide", "consent-debug", "moved-factors", "moved-passkeys",
    "moved-sessions",
    # Answers each with his own: tests/pages/test_quick.py.
    "quick",
    # Whoever has the token; tests of their own say who may do what with it.
    "setup", "invitation",
}  # fmt: skip
STAFF = {
    "operator": "GET",
    "doctor": "GET",
    "doctor-mail": "POST",
    "audit": "GET",
    "audit-csv": "GET",
}
CALLBACK = "callback_url=https://app.example/cb"


@dataclass(frozen=True)
class Ask:
    """One request. `query` and `data` are what else names the thing; `back` is where one comes
    after signing in, if it is not this."""

    args: tuple = ()
    method: str = "GET"
    query: str = ""
    data: dict = field(default_factory=dict)
    back: str = ""

    def send(self, client, name):
        path = reverse(f"pages:{name}", args=self.args)
        path = f"{path}?{self.query}" if self.query else path
        return client.post(path, self.data) if self.method == "POST" else client.get(path)


PERSONAL = {
    "keys": Ask(),
    "key-new": Ask(),
    "members": Ask(),
    "member-invite": Ask(),
    "connected": Ask(),
    "activity": Ask(),
    "activity-csv": Ask(),
    "settings": Ask(),
    "privacy": Ask(),
    "prompts": Ask(method="POST"),
    "erase-prompts": Ask(method="POST"),
    "export": Ask(),
    "close": Ask(),
    "byok": Ask(),
    "byok-only": Ask(("openai",), "POST", back="/settings/provider-keys/at/openai"),
    "credits": Ask(),
    "credits-quote": Ask(),
    "credits-pay": Ask(method="POST", back="/settings/credits"),
    "auto-top-up": Ask(method="POST", back="/settings/credits"),
    "credits-history": Ask(),
    "credits-statement": Ask(),
    "payments": Ask(),
    "security": Ask(),
    "set-password": Ask(),
    "end-sessions": Ask(method="POST", back="/settings/security"),
    "consent": Ask(query=CALLBACK),
    "consent-switch": Ask(method="POST", query=CALLBACK, back="/auth"),
}


def of_key(there):
    return there.keys["charlie"].pk


def of_member(there):
    return there.members["charlie"].pk


def of_account(there):
    return there.alice.pk


def of_invitation(there):
    return there.invitation.pk


def of_app_key(there):
    return connected(there.alice)[0].pk


def of_app(there):
    connected(there.alice)
    return ORIGIN


def of_generation(there):
    return generation(there.keys["alice"]).pk


def of_payment(there):
    return Checkout.objects.create(
        id="pay_alice", user=there.alice, account_id=f"user:{there.alice.pk}", kind="test",
        state="paid", amount_nano=10**10, created_at=NOON,
    ).pk  # fmt: skip


def of_provider_key(there):
    provider = Provider.objects.create(slug="openai", name="OpenAI", base_url="https://x.example")
    return ProviderKey.objects.create(user=there.alice, provider=provider, encrypted="?").pk


def of_session(there):
    return UserSession.objects.create(
        user=there.alice, session_key="a" * 32, ip="127.0.0.1", last_seen_at=NOON
    ).pk


# Route, of what, and the requests about the thing that is filled in.
OBJECTS = [
    ("key", of_key, lambda id: Ask((id,))),
    ("key", of_key, lambda id: Ask((id,), "POST", data={"name": "x", "lifetime": "never"})),
    ("key-switch", of_key, lambda id: Ask((id,), "POST", data={"disabled": "1"})),
    ("key-rotate", of_key, lambda id: Ask((id,))),
    ("key-rotate", of_key, lambda id: Ask((id,), "POST", data={"overlap": "0", "token": "x"})),
    ("key-delete", of_key, lambda id: Ask((id,))),
    ("key-delete", of_key, lambda id: Ask((id,), "POST", data={"name": "charlie's"})),
    ("member", of_member, lambda id: Ask((id,))),
    ("member", of_member, lambda id: Ask((id,), "POST", data={"role": "admin"})),
    ("member-remove", of_member, lambda id: Ask((id,))),
    ("member-remove", of_member, lambda id: Ask((id,), "POST")),
    ("invitation-withdraw", of_invitation, lambda id: Ask((id,), "POST")),
    ("revoke-app-key", of_app_key, lambda id: Ask((id,), "POST")),
    ("revoke-app", of_app, lambda origin: Ask(method="POST", data={"origin": origin})),
    ("request", of_generation, lambda id: Ask((id,))),
    ("payment", of_payment, lambda id: Ask((id,))),
    ("refund", of_payment, lambda id: Ask((id,))),
    ("byok-act", of_provider_key, lambda id: Ask((id, "switch"), "POST")),
    ("end-session", of_session, lambda id: Ask((id,), "POST")),
    ("keys", of_account, lambda id: Ask(query=f"account={id}")),
    ("members", of_account, lambda id: Ask(query=f"account={id}")),
    ("member-invite", of_account, lambda id: Ask(query=f"account={id}")),
    ("member-invite", of_account,
     lambda id: Ask(method="POST", query=f"account={id}", data={"email": "x@example.com"})),
]  # fmt: skip
# What only the one member himself has, so that its owner is a stranger to it.
OWN = {"membership-leave": ("charlie", of_member), "membership": ("charlie", of_member)}
GET_ONLY = {"membership"}
_NAMES = [f"{number}-{name}" for number, (name, _, _) in enumerate(OBJECTS)]


def routes(resolver=None):
    """The names of all, also of those that are included."""
    for pattern in (resolver or get_resolver("pages.urls")).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern)
        else:
            yield pattern.name


def told(answer):
    """What is seen, without what differs from one answer to the next anyway."""
    path, query = answer.request["PATH_INFO"], answer.request["QUERY_STRING"]
    own_address = f"{path}?{query}" if query else path
    text = answer.content.decode().replace(own_address, "").replace(quote(own_address, ""), "")
    return answer.status_code, re.sub(r'(nonce|content|value)="[^"]{16,}"', "", text)


def snapshot(there):
    """What must not change by others' doing."""
    there.keys["charlie"].refresh_from_db()
    there.members["charlie"].refresh_from_db()
    there.invitation.refresh_from_db()
    key, member = there.keys["charlie"], there.members["charlie"]
    return (
        key.name, key.disabled, key.deleted_at, key.expires_at, member.role, member.removed_at,
        there.invitation.withdrawn_at, there.alice.invitations.count(), there.alice.keys.count(),
        app_keys.of_app(there.alice.pk, ORIGIN).count(),
    )  # fmt: skip


def test_every_route_says_whose_it_is():
    known = PUBLIC | set(STAFF) | set(PERSONAL) | {name for name, _, _ in OBJECTS} | set(OWN)
    assert set(routes()) <= known, "say in PUBLIC, PERSONAL, OBJECTS or OWN whose the new pages are"


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_signed_out_is_sent_to_sign_in_and_comes_back(name):
    ask = PERSONAL[name]
    answer = ask.send(browser(), name)
    assert answer.status_code == 302
    where = answer["Location"]
    assert where.startswith(resolve_url(settings.LOGIN_URL))
    assert f"next={quote(ask.back or reverse(f'pages:{name}'))}" in where


@pytest.mark.parametrize(("name", "of", "ask"), OBJECTS, ids=_NAMES)
def test_owner_finds_what_is_there(name, of, ask):
    there = world()
    assert ask(of(there)).send(browser(there.alice), name).status_code in {200, 302}


@pytest.mark.parametrize("who", ["erin", "dave", "nobody"])
@pytest.mark.parametrize(("name", "of", "ask"), OBJECTS, ids=_NAMES)
def test_what_is_anothers_is_as_if_it_was_not_there(name, of, ask, who):
    there = world()
    theirs = of(there)
    before = snapshot(there)
    client = browser(None if who == "nobody" else getattr(there, who))
    answer = ask(theirs).send(client, name)
    if who == "nobody":
        assert answer.status_code == 302
        assert answer["Location"].startswith(resolve_url(settings.LOGIN_URL))
    else:
        missing = f"{ORIGIN}.nowhere" if of is of_app else NOBODYS
        assert answer.status_code == 404
        assert told(answer) == told(ask(missing).send(client, name))
    assert snapshot(there) == before


@pytest.mark.parametrize("who", ["alice", "bob", "dave", "erin"])
@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_one_persons_own_is_not_there_for_all_others(name, who, method):
    method = "GET" if name in GET_ONLY else method
    there = world()
    owner, of = OWN[name]
    client = browser(getattr(there, who))
    answer = Ask((of(there),), method).send(client, name)
    assert answer.status_code == 404
    assert told(answer) == told(Ask((NOBODYS,), method).send(client, name))
    mine = Ask((of(there),), method).send(browser(getattr(there, owner)), name)
    assert mine.status_code in {200, 302}


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_former_member_sees_nothing_of_the_account_on_their_own_pages(name):
    there = world()
    answer = PERSONAL[name].send(browser(there.dave), name)
    for word in ("charlie's", "alice's", "bob's", "alice@example.com", "charlie@example.com"):
        assert word not in seen(answer)


def seen(answer):
    if not answer.streaming:
        return answer.content.decode()

    async def pieces():
        return [piece async for piece in answer.streaming_content]

    return b"".join(asyncio.run(pieces())).decode(errors="replace")


@pytest.mark.parametrize("name", sorted(STAFF))
def test_pages_of_the_operator_are_for_staff(name):
    there = world()
    ask = Ask(method=STAFF[name])
    assert ask.send(browser(there.alice), name).status_code == 403
    answer = ask.send(browser(), name)
    assert answer.status_code == 302
    assert answer["Location"].startswith(resolve_url(settings.LOGIN_URL))


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, "9" * 5000])
def test_numbers_that_no_database_has_are_not_there(number):
    there = world()
    client = browser(there.alice)
    for path in ("/settings/keys/{}", "/settings/members/{}", "/settings/members?account={}"):
        assert client.get(path.format(number)).status_code == 404
