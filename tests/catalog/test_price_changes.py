from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from catalog_builders import (
    document,
    endpoint_entry,
    endpoint_row,
    model_entry,
    model_row,
    provider_row,
)
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from catalog import editing, importer, price_changes
from catalog.document import parse
from catalog.models import Endpoint, Origin, PriceChange
from catalog.price_changes import recent_price_changes
from catalog.snapshot import Prices

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    price_changes.forget()
    yield
    price_changes.forget()


def apply(**changes):
    importer.apply(parse(document(endpoints=[endpoint_entry(**changes)])))


def told():
    return [(row.old[:2], row.new[:2]) for row in PriceChange.objects.order_by("id")]


def test_a_load_that_changes_prices_writes_each_change_down_and_nothing_else():
    apply()
    apply(context_length=4096)
    assert told() == []
    apply(prompt="0.00000015")
    apply(prompt="0.00000015")
    apply(prompt="0.00000015", completion="0.0000001")
    assert told() == [
        ((100_000, 200_000), (150_000, 200_000)),
        ((150_000, 200_000), (150_000, 100_000)),
    ]


def test_a_load_that_is_rolled_back_writes_nothing_down():
    apply()
    entries = [endpoint_entry(prompt="0.0000009")]
    importer.apply(parse(document(endpoints=entries)), dry_run=True)
    assert told() == []
    assert Endpoint.objects.get().price_prompt_pico == 100_000


def test_a_change_and_its_price_stand_or_fall_together():
    row = endpoint_row(model_row(), provider_row())
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        editing.put(row, {"price_prompt_pico": 7})
        assert told() == [((100_000, 200_000), (7, 200_000))]
        raise KeyboardInterrupt
    assert told() == []
    assert Endpoint.objects.get().price_prompt_pico == 100_000


def test_the_command_of_the_operator_writes_its_change_down():
    provider_row("local", name="Local")
    words = ["add_endpoint", "--provider", "Local", "--model", "alice/llama",
             "--upstream-model", "llama3", "--completion-price", "0.2",
             "--context", "8192"]  # fmt: skip
    for price in ("0.1", "0.1", "0.3"):
        call_command(*words, "--prompt-price", price, stdout=StringIO())
    assert told() == [((100_000, 200_000), (300_000, 200_000))]


def test_image_and_request_prices_are_in_it_too():
    row = endpoint_row(model_row(), provider_row(), price_image_pico=5)
    row.price_request_pico = 11
    row.price_image_pico = 6
    row.save()
    change = PriceChange.objects.get()
    assert change.old == (100_000, 200_000, 5, 0)
    assert change.new == (100_000, 200_000, 6, 11)


def test_what_is_not_saved_is_no_change():
    row = endpoint_row(model_row(), provider_row())
    row.price_prompt_pico = 1
    row.enabled = False
    row.save(update_fields=["enabled"])
    assert told() == []


def changed(slug, provider, prompt_pico, days_ago=0):
    row = endpoint_row(model_row(slug), provider, origin=Origin.OPERATOR)
    row.price_prompt_pico = prompt_pico
    row.save()
    PriceChange.objects.filter(endpoint=row).update(at=timezone.now() - timedelta(days=days_ago))
    return row


def test_recent_changes_come_newest_first_by_provider_and_by_model():
    deepinfra, together = provider_row(), provider_row("together")
    changed("a/one", deepinfra, 50_000, days_ago=3)
    changed("a/two", together, 150_000, days_ago=1)
    changed("a/three", deepinfra, 150_000, days_ago=2)
    changed("a/four", deepinfra, 150_000, days_ago=91)
    found = recent_price_changes()
    assert [each.model_id for each in found] == ["a/two", "a/three", "a/one"]
    assert found[2].old == Prices(100_000, 200_000) and found[2].new == Prices(50_000, 200_000)
    assert [(each.is_rise, each.is_fall) for each in found] == [
        (True, False), (True, False), (False, True),
    ]  # fmt: skip
    assert [each.model_id for each in recent_price_changes(provider="deepinfra")] == [
        "a/three", "a/one",
    ]  # fmt: skip
    assert [each.provider_name for each in recent_price_changes(model="a/two")] == ["Together"]
    assert [each.model_id for each in recent_price_changes(1)] == ["a/two"]


def test_recent_changes_are_read_once_for_many_pages(django_assert_num_queries):
    changed("a/one", provider_row(), 50_000)
    with django_assert_num_queries(1):
        for _ in range(3):
            assert len(recent_price_changes()) == 1


def test_a_new_offer_is_no_change():
    importer.apply(parse(document(models=[model_entry()], endpoints=[endpoint_entry()])))
    assert recent_price_changes() == ()
