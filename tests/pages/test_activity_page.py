"""The activity pages: figures, filters, one request, CSV; nobody sees what another one did."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from activity_rows import generation, key_of, person
from django.test import Client

from activity.rollup import roll_up
from billing.models import Transfer

pytestmark = pytest.mark.django_db
ACTIVITY = "/activity"


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def client(alice):
    client = Client()
    client.force_login(alice)
    return client


def page(client, query=""):
    answer = client.get(f"{ACTIVITY}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_nobody_without_signing_in():
    answer = Client().get(f"{ACTIVITY}?range=7d")
    assert answer.status_code == 302
    assert answer["Location"].endswith("next=/activity%3Frange%3D7d")


def test_empty_account_is_told_where_to_begin(client):
    shown = page(client)
    assert "No requests in this time" in shown


@pytest.mark.parametrize("rolled_up", [False, True])
def test_figures_are_those_of_the_generations(client, alice, rolled_up):
    key = key_of(alice)
    now = datetime.now(UTC)
    for hours in (1, 5, 30):
        generation(alice, key, "1.25", created_at=now - timedelta(hours=hours))
    generation(alice, key, "0", created_at=now - timedelta(hours=2), finish_reason="error")
    if rolled_up:
        roll_up()
    shown = page(client, "?range=7d")
    assert "$3.75" in shown
    assert "75% succeeded" in shown
    assert "openai/gpt-4" in shown
    assert "$2.50" in page(client, "?range=24h")


def test_key_restricts_everything(client, alice):
    first, second = key_of(alice, "laptop"), key_of(alice, "server")
    generation(alice, first, "1")
    generation(alice, second, "2")
    assert "$3.00" in page(client)
    shown = page(client, f"?key={second.pk}")
    assert "$2.00" in shown and "$3.00" not in shown


def test_filters_leave_out_requests_and_can_be_removed(client, alice):
    key = key_of(alice)
    good = generation(alice, key, "1", model="mistralai/mixtral-8x7b-instruct")
    bad = generation(alice, key, "0", finish_reason="error")
    shown = page(client, "?status=error")
    assert bad.pk in shown and good.pk not in shown
    shown = page(client, "?model=mistralai/mixtral-8x7b-instruct&cost=0.5")
    assert good.pk in shown and bad.pk not in shown
    shown = page(client, "?provider=Nobody")
    assert "Remove the filter" in shown and good.pk not in shown


@pytest.mark.parametrize(
    "query",
    ["?range=century", "?range=custom", "?range=custom&from=2026-02-30&to=x",
     "?range=custom&from=2030-01-01&to=2020-01-01", "?after=x", "?before=999999999999999999-a",
     "?after=99999999999999999-gen", "?key=x", "?key=99999999999999999999999", "?cost=abc",
     "?cost=1e999", "?cost=-1", "?metric=%00&by=nobody", "?app=%00", "?model=%00",
     "?status=%00", "?page=2"],
)  # fmt: skip
def test_whatever_the_address_says_there_is_a_page(client, alice, query):
    generation(alice, key_of(alice), "1")
    page(client, query)


def test_pages_lead_on_and_back(client, alice):
    key = key_of(alice)
    now = datetime.now(UTC)
    made = [generation(alice, key, "0.1", created_at=now - timedelta(minutes=n)) for n in range(40)]
    shown = page(client)
    assert made[0].pk in shown and made[35].pk not in shown
    older = shown.split('href="?after=')[1].split("#")[0]
    shown = page(client, f"?after={older}")
    assert made[35].pk in shown and made[0].pk not in shown
    newer = shown.split('href="?before=')[1].split("#")[0]
    assert made[0].pk in page(client, f"?before={newer}")


def test_one_request_shows_what_was_tried_and_paid(client, alice):
    attempts = [
        {"provider": "Together", "model": "openai/gpt-4", "status": 500, "ms": 120,
         "error": "upstream <b>broke</b>"},
        {"provider": "Fireworks", "model": "openai/gpt-4", "status": 200, "ms": 300},
    ]  # fmt: skip
    made = generation(
        alice, key_of(alice), "0.5", attempts=json.dumps(attempts), streamed=True,
        latency_ms=300, generation_time_ms=900,
    )  # fmt: skip
    Transfer.objects.create(
        id=f"cap:{made.pk}", debit=f"user:{alice.pk}", credit="revenue", amount_nano=500_000_000,
        kind="capture", ref=made.pk, created_at=made.created_at,
    )  # fmt: skip
    shown = client.get(f"{ACTIVITY}/{made.pk}").content.decode()
    assert "Together" in shown and "Fireworks" in shown
    assert "upstream &lt;b&gt;broke&lt;/b&gt;" in shown
    assert "$0.50" in shown and "1 fallback" in shown
    assert f'href="{ACTIVITY}"' in shown


def test_look_up_by_id_leads_to_the_request(client, alice):
    made = generation(alice, key_of(alice), "1")
    answer = client.get(f"{ACTIVITY}?id={made.pk}")
    assert (answer.status_code, answer["Location"]) == (302, f"{ACTIVITY}/{made.pk}")


@pytest.mark.parametrize("id", ["gen-0", "%00", "a" * 200, "%F0%9F%98%80"])
def test_request_that_is_none_or_anothers_is_not_found(client, alice, id):
    bob = person("bob")
    made = generation(bob, key_of(bob), "1")
    for each in (id, made.pk):
        assert client.get(f"{ACTIVITY}/{each}").status_code == 404
    assert made.pk not in page(client)


def read_csv(client, query=""):
    answer = client.get(f"{ACTIVITY}.csv{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"

    async def pieces():
        return [piece.decode() async for piece in answer.streaming_content]

    return list(csv.DictReader(io.StringIO("".join(asyncio.run(pieces())))))


@pytest.mark.django_db(transaction=True)
def test_csv_has_what_the_page_shows(client, alice):
    key = key_of(alice, '=HYPERLINK("x")')
    generation(alice, key, "0.123456789")
    generation(alice, key, "0", finish_reason="error")
    (row,) = read_csv(client, "?status=ok")
    assert row["cost"] == "0.123456789"
    assert not row["key"].startswith("=")
    assert len(read_csv(client)) == 2


def test_number_of_queries_does_not_grow(client, alice, django_assert_max_num_queries):
    for number in range(8):
        generation(alice, key_of(alice, f"key {number}"), "1", model=f"author/model-{number}")
    with django_assert_max_num_queries(30):
        page(client)
