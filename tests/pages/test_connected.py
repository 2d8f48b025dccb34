"""Connected apps: one's own, with what they spend, and Revoke that means it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from consent_rows import ORIGIN, connected, person

from accounts import keys
from accounts.models import ApiKey
from billing.models import Generation, KeyBudget

pytestmark = pytest.mark.django_db
PAGE = "/settings/apps"
NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


def shown(browser):
    page = browser.get(PAGE)
    assert page.status_code == 200
    return page


def works(client, key):
    return client.get("/api/v1/key", headers={"authorization": f"Bearer {key}"}).status_code


def test_apps_are_listed_with_their_keys_limits_and_last_use(browser, alice):
    row, _ = connected(alice, label="Notebook", limit_nano=2_000_000_000, period="weekly")
    connected(alice, origin="http://localhost:8484", label="aider")
    keys.create(alice, "my own")
    connected(person("bob"), origin="https://bob.example")
    KeyBudget.objects.filter(key=row).update(spent_nano=1_500_000_000)
    Generation.objects.create(
        id="gen-1", user=alice, key=row, model="m", cost_nano=1, created_at=NOON, streamed=False,
        tokens_prompt=1, tokens_completion=1, native_tokens_prompt=1, native_tokens_completion=1,
        usage_source="upstream",
    )  # fmt: skip
    page = shown(browser)
    local, app = page.context["apps"]
    assert (app.host, local.host) == ("app.example", "localhost:8484")
    (key,) = app.keys
    assert (key.row, key.last_used_at) == (row, NOON)
    assert (key.budget.limit_nano, key.budget.period) == (2_000_000_000, "weekly")
    text = page.content.decode()
    for word in ("app.example", "localhost:8484", "Notebook", "aider"):
        assert word in text
    for word in ("my own", "bob.example"):
        assert word not in text


def test_many_apps_take_as_many_queries_as_one(browser, alice, django_assert_max_num_queries):
    for number in range(30):
        connected(alice, origin=f"https://app{number}.example", limit_nano=number)
    with django_assert_max_num_queries(8):
        assert len(shown(browser).context["apps"]) == 30


def test_page_without_apps_says_so(browser):
    assert shown(browser).context["apps"] == []


def test_revoked_key_is_refused_at_once_and_leaves_the_list(browser, alice):
    row, key = connected(alice)
    other = connected(alice)[1]
    assert works(browser, key) == 200
    assert browser.post(f"{PAGE}/keys/{row.pk}/revoke").status_code == 302
    assert (works(browser, key), works(browser, other)) == (401, 200)
    (app,) = shown(browser).context["apps"]
    assert row not in {each.row for each in app.keys}
    assert browser.post(f"{PAGE}/keys/{row.pk}/revoke").status_code == 404


def test_all_keys_of_an_app_are_revoked_together(browser, alice):
    made = [connected(alice)[1] for _ in range(3)]
    other = connected(alice, origin="https://b.example")[1]
    own = keys.create(alice)[1]
    assert browser.post(f"{PAGE}/revoke", {"origin": ORIGIN}).status_code == 302
    assert [works(browser, key) for key in made] == [401, 401, 401]
    assert [works(browser, key) for key in (other, own)] == [200, 200]


def test_nobody_revokes_what_is_not_his(browser, alice):
    bob = person("bob")
    row, key = connected(bob)
    own, own_key = keys.create(alice)
    manager, _ = keys.create(alice, is_management=True, app_origin="")
    for number in (row.pk, own.pk, manager.pk, 10**30):
        assert browser.post(f"{PAGE}/keys/{number}/revoke").status_code == 404
    for origin in (ORIGIN, "", "\x00", "https://nobody.example"):
        assert browser.post(f"{PAGE}/revoke", {"origin": origin}).status_code == 404
    assert works(browser, key) == works(browser, own_key) == 200
    assert not ApiKey.objects.filter(disabled=True).exists()


def test_visitor_signs_in_first(client, alice):
    row, key = connected(alice)
    for response in (
        client.get(PAGE),
        client.post(f"{PAGE}/keys/{row.pk}/revoke"),
        client.post(f"{PAGE}/revoke", {"origin": ORIGIN}),
    ):
        assert response.status_code == 302
        assert "next=" in response["Location"]
    assert works(client, key) == 200


def test_looking_revokes_nothing(browser, alice):
    row, key = connected(alice)
    assert browser.get(f"{PAGE}/keys/{row.pk}/revoke").status_code == 405
    assert browser.get(f"{PAGE}/revoke", {"origin": ORIGIN}).status_code == 405
    assert works(browser, key) == 200
