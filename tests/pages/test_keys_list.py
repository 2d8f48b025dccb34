"""The list of keys: what it shows, in which order, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from api_rows import person
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from page_rows import DOLLAR, NOON, browser, generation, key_of, world

from accounts import key_changes, keys
from billing.models import KeyBudget
from billing.periods import next_begin

pytestmark = pytest.mark.django_db
PAGE = "/settings/keys"


@pytest.fixture
def alice():
    return person("alice")


def shown(user, query=""):
    page = browser(user).get(f"{PAGE}{query}")
    assert page.status_code == 200
    return page


def names(page):
    return [key.row.name for key in page.context["keys"]]


def test_key_is_listed_with_its_figures_and_never_with_its_text(alice):
    end = timezone.now() + timedelta(days=60)
    row, text = key_of(
        alice, limit_nano=5 * DOLLAR, period="monthly", spent=1_250_000_000, expires_at=end
    )
    generation(row)
    page = shown(alice)
    html = page.content.decode()
    (key,) = page.context["keys"]
    assert (key.last_used_at, key.row.expires_at, key.state) == (NOON, end, "active")
    assert "$1.25 of $5.00" in html
    assert row.label in html
    assert text not in html
    assert key.resets_at == next_begin("monthly", timezone.now())


def test_what_was_spent_in_a_period_that_is_over_does_not_count(alice):
    row, _ = key_of(alice, limit_nano=DOLLAR, period="daily", spent=DOLLAR)
    KeyBudget.objects.filter(key=row).update(period_start=datetime(2024, 5, 1, tzinfo=UTC))
    page = shown(alice)
    assert page.context["keys"][0].state == "active"
    assert "$0 of $1.00" in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "state", "word"),
    [({"limit_nano": DOLLAR, "spent": DOLLAR}, "exhausted", "Limit reached"),
     ({"limit_nano": 0}, "exhausted", "Limit reached"),
     ({"expires_at": datetime(2024, 1, 1, tzinfo=UTC)}, "expired", "Expired"),
     ({"limit_nano": DOLLAR, "spent": DOLLAR - 1}, "active", ""),
     ({"is_management": True}, "active", "Management")],
)  # fmt: skip
def test_every_state_is_listed_and_named(alice, fields, state, word):
    key_of(alice, **fields)
    page = shown(alice)
    assert page.context["keys"][0].state == state
    assert word in page.content.decode()


def test_disabled_key_is_listed_and_deleted_one_is_not(alice):
    row, _ = key_of(alice, "off")
    key_changes.change(row, {"disabled": True}, actor="test")
    gone, _ = key_of(alice, "gone")
    key_changes.delete(gone, actor="test")
    page = shown(alice)
    assert names(page) == ["off"]
    assert "Disabled" in page.content.decode()


def test_key_that_ends_within_a_week_says_so(alice):
    key_of(alice, expires_at=timezone.now() + timedelta(days=2))
    assert "Expires soon" in shown(alice).content.decode()


def test_origin_is_me_the_app_or_the_member():
    there = world()
    key_of(there.alice, "aider", app_origin="http://localhost:8484")
    html = shown(there.alice).content.decode()
    for words in ("App: localhost:8484", "Of charlie@example.com", "Yours"):
        assert words in html


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("name", ["ant", "Bee", "cat"]), ("-name", ["cat", "Bee", "ant"]),
     ("-spend", ["cat", "ant", "Bee"]), ("spend", ["Bee", "ant", "cat"]),
     ("-used", ["Bee", "cat", "ant"]), ("used", ["cat", "Bee", "ant"]),
     ("expires", ["ant", "cat", "Bee"]), ("-expires", ["cat", "ant", "Bee"]),
     ("created", ["Bee", "cat", "ant"]), ("-created", ["ant", "cat", "Bee"]),
     ("", ["ant", "cat", "Bee"]), ("nonsense", ["ant", "cat", "Bee"])],
)  # fmt: skip
def test_order_is_in_the_address_and_what_never_happened_comes_last(alice, sort, expected):
    later = NOON + timedelta(days=90)
    bee, _ = key_of(alice, "Bee")
    cat, _ = key_of(alice, "cat", spent=2 * DOLLAR, expires_at=later)
    key_of(alice, "ant", spent=DOLLAR, expires_at=NOON)
    generation(cat, NOON)
    generation(bee, NOON + timedelta(hours=1))
    assert names(shown(alice, f"?sort={sort}")) == expected


def test_heads_turn_the_order_round_and_keep_the_search(alice):
    key_of(alice, "ci")
    html = shown(alice, "?sort=name&q=ci").content.decode()
    assert 'href="?q=ci&amp;sort=-name"' in html
    assert 'aria-sort="ascending"' in html


@pytest.mark.parametrize(
    ("words", "expected"),
    [("laptop", ["laptop"]), ("LAP", ["laptop"]), ("app.example", ["aider"]),
     ("lap top", ["laptop"]), ("nothing", []), ("\x00", ["aider", "laptop"]), ("%", [])],
)  # fmt: skip
def test_search_finds_names_digits_and_apps(alice, words, expected):
    key_of(alice, "laptop")
    key_of(alice, "aider", app_origin="https://app.example")
    page = browser(alice).get(PAGE, {"q": words})
    assert sorted(names(page)) == expected


def test_search_that_finds_nothing_says_so_and_leads_back(alice):
    key_of(alice)
    html = shown(alice, "?q=zebra").content.decode()
    assert "No key matches" in html
    assert "Show all keys" in html


def test_fifty_are_on_a_page(alice):
    for number in range(51):
        keys.create(alice, f"key {number}")
    assert len(names(shown(alice))) == 50
    assert names(shown(alice, "?page=2")) == ["key 0"]
    assert names(shown(alice, "?page=x"))[0] == "key 50"
    assert names(shown(alice, "?page=99")) == ["key 0"]


def test_queries_do_not_grow_with_the_keys():
    there = world()
    client = browser(there.alice)

    def count(query):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"{PAGE}{query}")
        return len(queries)

    client.get(PAGE)  # it reads the catalog, once
    before = count("?sort=-used")
    for number in range(20):
        row, _ = key_of(there.alice, f"key {number}", limit_nano=DOLLAR)
        generation(row)
        keys.create(there.alice, f"of charlie {number}", member=there.members["charlie"])
    assert count("?sort=-used") == before


def test_person_without_keys_gets_a_program_to_run(alice, settings):
    html = shown(alice).content.decode()
    assert "No keys yet" in html
    assert "http://testserver/api/v1/chat/completions" in html
    assert "$OPENROUTER_API_KEY" in html


def test_keys_in_the_accounts_of_others_stand_under_their_heading():
    there = world()
    page = shown(there.charlie)
    html = page.content.decode()
    assert names(page) == []
    assert "In the account of alice@example.com" in html
    assert "charlie&#x27;s" in html
    for word in ("alice&#x27;s", "bob&#x27;s", "dave&#x27;s"):
        assert word not in html


def test_admin_sees_the_members_keys_there_and_not_the_owners():
    there = world()
    assert sorted(names(shown(there.bob, f"?account={there.alice.pk}"))) == ["bob's", "charlie's"]
    assert names(shown(there.charlie, f"?account={there.alice.pk}")) == ["charlie's"]
    assert "dave's" not in names(shown(there.alice))
