"""Provider keys, without a browser: whose they are, in which order, and that none is ever shown."""

from __future__ import annotations

import pytest
from api_rows import generation, person, small_catalog
from django.db import transaction
from sessions import sign_in

from accounts import provider_keys
from accounts.models import ProviderKey
from catalog.models import Provider, bump_version

pytestmark = pytest.mark.django_db

SECRET = "sk-own-0123456789abWXYZ"
NEW = {"provider": "openai", "key": SECRET, "name": "work", "position": "before"}
PAGE = "/settings/provider-keys"


@pytest.fixture
def alice(client, settings):
    settings.CREDENTIALS_KEY = "1" * 32
    small_catalog()
    with transaction.atomic():
        bump_version()
        # Nobody listens there, so a test of a key gets no answer.
        Provider.objects.update(base_url="http://127.0.0.1:9/v1")
    alice = person()
    sign_in(client, alice)
    return alice


def added(user, name, slug="openai", **fields):
    at = Provider.objects.get(slug=slug)
    order = ProviderKey.objects.filter(user=user).count()
    return provider_keys.create(user.pk, at, SECRET, {"name": name, "sort_order": order, **fields})


def names(user, position="before"):
    rows = ProviderKey.objects.filter(user=user, position=position)
    return list(rows.order_by("sort_order", "pk").values_list("name", flat=True))


def act(client, row, action):
    return client.post(f"{PAGE}/{row.pk}/{action}", follow=True)


def test_a_key_that_its_provider_says_nothing_of_is_not_saved_but_may_be(client, alice):
    answer = client.post(PAGE, NEW)
    text = answer.content.decode()
    assert "OpenAI did not say whether this key works. It was not saved." in text
    assert SECRET not in text
    assert not ProviderKey.objects.exists()
    answer = client.post(PAGE, {**NEW, "untested": "1"}, follow=True)
    assert "Key saved" in answer.content.decode()
    row = ProviderKey.objects.get()
    assert (row.user, row.name, row.position, row.ending) == (alice, "work", "before", "...WXYZ")
    text = client.get(PAGE).content.decode()
    assert "...WXYZ" in text and SECRET not in text


def test_a_script_gets_the_reason_alone_and_the_page_keeps_what_was_typed(client, alice):
    answer = client.post(PAGE, NEW, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "<html" not in answer.content.decode()
    answer = client.post(PAGE, {**NEW, "untested": "1"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, PAGE)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"provider": "nobody"}, "Select a valid choice"),
        ({"provider": ""}, "required"),
        ({"key": ""}, "required"),
        ({"key": "two words"}, "printable ASCII without spaces"),
        ({"key": "x" * 20_000}, "at most 16384"),
        ({"name": SECRET}, "must not hold the secret"),
        ({"name": "a\nb"}, "letters, digits"),
        ({"position": "sideways"}, "Select a valid choice"),
    ],
)
def test_wrong_fields_are_told_and_nothing_is_saved(client, alice, fields, words):
    answer = client.post(PAGE, {**NEW, "untested": "1", **fields})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not ProviderKey.objects.exists()


def test_order_and_list_change_by_buttons(client, alice):
    one, two, three = (added(alice, name) for name in ("one", "two", "three"))
    act(client, three, "up")
    assert names(alice) == ["one", "three", "two"]
    act(client, one, "down")
    assert names(alice) == ["three", "one", "two"]
    act(client, three, "up")
    act(client, two, "down")
    assert names(alice) == ["three", "one", "two"]
    act(client, three, "other-list")
    act(client, one, "other-list")
    assert (names(alice), names(alice, "after")) == (["two"], ["three", "one"])
    act(client, one, "other-list")
    assert names(alice) == ["two", "one"]


def test_a_key_is_switched_off_tested_and_removed(client, alice):
    row = added(alice, "one")
    assert "is not used any more" in act(client, row, "switch").content.decode()
    assert ProviderKey.objects.get().disabled
    assert "is used again" in act(client, row, "switch").content.decode()
    assert "no answer" in act(client, row, "test").content.decode()
    row.refresh_from_db()
    assert row.last_tested_at and row.last_test_result.startswith("no answer")
    assert "is removed" in act(client, row, "remove").content.decode()
    assert not ProviderKey.objects.exists()


def test_never_falling_back_is_for_all_keys_at_a_provider(client, alice):
    rows = [added(alice, "one"), added(alice, "two"), added(alice, "three", "azure")]
    client.post(f"{PAGE}/at/openai", {"never": "1"})
    assert [ProviderKey.objects.get(pk=row.pk).never_fall_back for row in rows] == [
        True, True, False,
    ]  # fmt: skip
    assert "is never used for you here" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}/at/openai")
    assert not ProviderKey.objects.filter(never_fall_back=True).exists()


@pytest.mark.parametrize("action", ["up", "down", "other-list", "switch", "test", "remove"])
def test_keys_of_others_are_not_there(client, alice, action):
    row = added(person("bob"), "bobs")
    assert act(client, row, action).status_code == 404
    assert client.post(f"{PAGE}/at/openai", {"never": "1"}).status_code == 404
    kept = ProviderKey.objects.get()
    assert (kept.disabled, kept.never_fall_back, kept.last_tested_at) == (False, False, None)
    assert "bobs" not in client.get(PAGE).content.decode()


def test_what_is_no_action_is_not_there(client, alice):
    row = added(alice, "one")
    assert act(client, row, "steal").status_code == 404
    assert client.get(f"{PAGE}/{row.pk}/up").status_code == 405


def test_a_key_shows_its_last_failure_and_the_spending_stands_apart(client, alice):
    from datetime import UTC, datetime

    row = added(alice, "one")
    provider_keys.note_use(
        {row.pk: provider_keys.Use(None, datetime.now(UTC), "401: Incorrect API key")}
    )
    for _ in range(2):
        generation(
            alice, is_byok=True, upstream_cost_nano=1_500_000, provider_name="OpenAI",
            created_at=datetime.now(UTC),
        )  # fmt: skip
    generation(alice, dollars="5", provider_name="OpenAI", created_at=datetime.now(UTC))
    text = client.get(PAGE).content.decode()
    assert "401: Incorrect API key" in text
    assert "$0.003" in text and "$5" not in text.replace("$5.00", "")


def test_a_page_of_many_keys_asks_the_database_few_things(
    client, alice, django_assert_max_num_queries
):
    for number in range(provider_keys.KEYS_MAX):
        added(alice, f"key {number}", ("openai", "azure")[number % 2])
    client.get(PAGE)
    with django_assert_max_num_queries(12):
        assert client.get(PAGE).status_code == 200
    answer = client.post(PAGE, {**NEW, "untested": "1"})
    assert "at most 20 provider keys" in answer.content.decode()
