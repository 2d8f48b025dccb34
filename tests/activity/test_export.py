from __future__ import annotations

import csv
import io
import json
from zoneinfo import ZoneInfo

import pytest
from activity_builders import HOUR, NOW, generation, record

from accounts.models import ApiKey
from activity.export import COLUMNS, pieces
from activity.filters import Filter

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")


def exported(person, wanted=None, **options):
    text = "".join(pieces(person.scope, wanted or Filter(), BERLIN, **options))
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_has_exact_amounts_and_the_accounts_time(alice):
    tried = [{"provider": "Together", "status": 503}, {"provider": "OpenAI", "status": 200}]
    record(
        generation(
            alice, id="gen-1", cost_nano=123, attempts=json.dumps(tried), is_byok=True,
            upstream_cost_nano=2_000_000_001, latency_ms=None, cancelled=True,
        )
    )  # fmt: skip
    [row] = exported(alice)
    assert tuple(row) == COLUMNS
    assert row["created_at"] == "2024-05-15T14:20:30.000+02:00"
    assert (row["cost"], row["upstream_cost"]) == ("0.000000123", "2.000000001")
    assert (row["providers_tried"], row["key"]) == ("Together > OpenAI", "alice's key 1")
    assert (row["status"], row["streamed"], row["own_key"]) == ("cancelled", "yes", "yes")
    assert (row["first_content_ms"], row["tokens_prompt"]) == ("", "10")


def test_the_file_holds_what_the_filter_shows_and_all_of_it(alice, bob):
    record(
        *(generation(alice, NOW - n // 3 * HOUR, n % 2, id=f"gen-{n:02d}") for n in range(20)),
        generation(bob, NOW, id="gen-bob"),
    )
    every = exported(alice, page_rows=4)
    assert [row["id"] for row in every] == [row["id"] for row in exported(alice)]
    assert {row["id"] for row in every} == {f"gen-{n:02d}" for n in range(20)}
    only = exported(alice, Filter(key_id=alice.key_ids[1]), page_rows=3)
    assert {row["key"] for row in only} == {"alice's key 2"}


def test_it_is_made_page_by_page(alice, django_assert_num_queries):
    record(*(generation(alice, NOW - n * HOUR) for n in range(9)))
    made = pieces(alice.scope, Filter(), BERLIN, page_rows=3)
    with django_assert_num_queries(0):
        next(made)
    with django_assert_num_queries(1):
        assert next(made).count("\r\n") == 3


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_of_a_caller_is_a_formula(alice, begins):
    evil = f"{begins}cmd|' /C calc'!A0"
    tried = [{"provider": evil, "status": 200}]
    record(
        generation(
            alice, model=evil, provider_name=evil, app_title=evil, app_referer=evil,
            attempts=json.dumps(tried), finish_reason=evil[:16],
        )
    )  # fmt: skip
    ApiKey.objects.filter(pk=alice.key_ids[0]).update(name=evil)
    [row] = exported(alice)
    for column in ("model", "provider", "providers_tried", "app_title", "app_referer", "key"):
        assert row[column] == f"'{evil}"
    assert not any(value.startswith(begins) for value in row.values())


def test_nothing_is_a_file_with_a_head(alice):
    assert "".join(pieces(alice.scope, Filter(), BERLIN)) == ",".join(COLUMNS) + "\r\n"
