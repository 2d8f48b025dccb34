"""The datasets of the rankings, for programs."""

from __future__ import annotations

from datetime import date, timedelta

import api_rows
import pytest
import ranking_rows
from ranking_rows import CHAT, CODE, LARGE, SMALL, app_id, take, used

from accounts.models import User
from rankings import datasets
from rankings.models import RankedApp

pytestmark = pytest.mark.django_db
DAILY, APPS = "/api/v1/datasets/rankings-daily", "/api/v1/datasets/app-rankings"


@pytest.fixture(autouse=True)
def nothing_read_before():
    ranking_rows.forget()
    yield
    ranking_rows.forget()


@pytest.fixture
def alice(db):
    return ranking_rows.person()


@pytest.fixture
def headers(alice):
    return api_rows.key_of(User.objects.get(pk=alice.user_id))[2]


def day(days_ago):
    return (ranking_rows.today().date() - timedelta(days=days_ago)).isoformat()


def ask(client, headers, path, status=200, **query):
    answer = client.get(path, query, headers=headers)
    assert answer.status_code == status, answer.content
    return answer.json()


def daily(client, headers, **query):
    return [
        (row["date"], row["model_permaslug"], row["total_tokens"])
        for row in ask(client, headers, DAILY, **query)["data"]
    ]


def test_days_are_of_thirty_days_until_yesterday(client, alice, headers):
    for days_ago, tokens, model in (
        (0, 9, SMALL), (1, 20, SMALL), (1, 30, LARGE), (2, 5, SMALL), (30, 7, SMALL), (31, 8, SMALL)
    ):  # fmt: skip
        used(alice, days_ago, tokens, model)
    take()
    assert daily(client, headers) == [
        (day(30), SMALL, "7"), (day(2), SMALL, "5"), (day(1), LARGE, "30"), (day(1), SMALL, "20"),
    ]  # fmt: skip
    meta = ask(client, headers, DAILY)["meta"]
    assert (meta["start_date"], meta["end_date"], meta["version"]) == (day(30), day(1), "v1")
    assert meta["as_of"].endswith("Z")


def test_days_one_asks_for_are_both_in_it_and_what_is_not_over_is_not(client, alice, headers):
    for days_ago in range(5):
        used(alice, days_ago, 10 + days_ago)
    take()
    found = daily(client, headers, start_date=day(3), end_date=day(2))
    assert [row[0] for row in found] == [day(3), day(2)]
    answer = ask(client, headers, DAILY, start_date=day(2), end_date="2099-01-01")
    assert answer["meta"]["end_date"] == day(1) and len(answer["data"]) == 2
    assert ask(client, headers, DAILY, start_date="2024-01-01", end_date=day(1))["meta"][
        "start_date"
    ] == "2025-01-01"  # fmt: skip


def test_equal_tokens_are_by_name_and_what_is_not_among_the_top_comes_last(client, alice, headers):
    for number in range(datasets.MODELS_MAX + 2):
        used(alice, 1, 5, f"a/{number:02d}")
    used(alice, 1, 6, "z/most")
    used(alice, 2, 1, "a/00")
    take()
    before, first, *top, last = daily(client, headers)
    assert (before, first) == ((day(2), "a/00", "1"), (day(1), "z/most", "6"))
    assert [row[1] for row in top] == [f"a/{number:02d}" for number in range(len(top))]
    assert 1 + len(top) == datasets.MODELS_MAX and last == (day(1), "other", "15")


@pytest.mark.parametrize("period", ["week", "month"])
def test_weeks_begin_on_monday_and_months_on_their_first_day(client, alice, headers, period):
    for days_ago in range(1, 40):
        used(alice, days_ago, 2)
    take()
    found = daily(client, headers, start_date=day(39), period=period)
    assert sum(int(row[2]) for row in found) == 78
    for begin, _, _ in found:
        begins_on = date.fromisoformat(begin)
        assert begins_on.weekday() == 0 if period == "week" else begins_on.day == 1


def test_a_modality_is_what_the_catalog_says(client, alice, headers):
    api_rows.small_catalog()
    used(alice, 1, 5, SMALL)
    used(alice, 1, 7, "not/there")
    take()
    assert [row[1] for row in daily(client, headers, modality="text")] == [SMALL]
    assert "modality must be one of" in ask(client, headers, DAILY, 400, modality="smell")[
        "error"
    ]["message"]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (DAILY, {"start_date": "yesterday"}, "start_date"),
        (DAILY, {"end_date": "2026-02-30"}, "end_date"),
        (DAILY, {"end_date": "20260203"}, "end_date"),
        (DAILY, {"end_date": "2024-12-31"}, "end_date"),
        (DAILY, {"start_date": "2026-02-03", "end_date": "2026-02-02"}, "start_date"),
        (DAILY, {"start_date": "9999-12-31"}, "start_date"),
        (DAILY, {"period": "year"}, "period"),
        (DAILY, {"category": "programming"}, "category"),
        (DAILY, {"language_type": "natural"}, "language_type"),
        (DAILY, {"context_bucket": "1K"}, "context_bucket"),
        (APPS, {"category": "coding"}, "category"),
        (APPS, {"subcategory": "game"}, "subcategory"),
        (APPS, {"sort": "best"}, "sort"),
        (APPS, {"limit": "101"}, "limit"),
        (APPS, {"limit": "0"}, "limit"),
        (APPS, {"offset": "-1"}, "offset"),
        (APPS, {"end_date": "\x00"}, "end_date"),
    ],
)
def test_what_cannot_be_answered_is_named(client, headers, path, query, field):
    error = ask(client, headers, path, 400, **query)["error"]
    assert error["code"] == 400 and field in error["message"]


@pytest.mark.parametrize("path", [DAILY, APPS])
def test_datasets_need_a_key(client, db, path):
    assert ask(client, {}, path, 401)["error"]["code"] == 401


@pytest.mark.parametrize("path", [DAILY, APPS])
def test_a_site_without_a_completed_day_has_empty_ones(client, headers, path):
    assert ask(client, headers, path)["data"] == []


@pytest.fixture
def apps(alice):
    used(alice, 1, 500, app=CHAT, requests=12)
    used(alice, 40, 600, app=CHAT)
    used(alice, 2, 300, app=CODE, requests=20)
    used(alice, 2, 100, app=("https://bare.example", ""))
    take()


def test_apps_are_ranked_by_tokens(client, headers, apps):
    rows = ask(client, headers, APPS)["data"]
    assert rows[0] == {
        "rank": 1, "app_id": app_id(), "app_name": CHAT[1], "total_tokens": "500",
        "total_requests": 12,
    }  # fmt: skip
    assert [row["app_name"] for row in rows] == [CHAT[1], CODE[1], "bare.example"]


def test_trending_apps_are_those_that_grew_most(client, headers, apps):
    rows = ask(client, headers, APPS, sort="trending")["data"]
    assert [(row["rank"], row["app_name"]) for row in rows] == [(1, CHAT[1]), (2, CODE[1])]
    late = ask(client, headers, APPS, sort="trending", start_date=day(2), end_date=day(2))["data"]
    assert [row["app_name"] for row in late] == [CODE[1]]


def test_ranks_stay_what_they_are_on_later_pages(client, headers, apps):
    (row,) = ask(client, headers, APPS, limit="1", offset="1")["data"]
    assert (row["rank"], row["app_name"]) == (2, CODE[1])


def test_a_hidden_app_is_in_no_dataset(client, headers, apps):
    RankedApp.objects.filter(origin=CHAT[0]).update(hidden=True)
    rows = ask(client, headers, APPS)["data"]
    assert [(row["rank"], row["app_name"]) for row in rows] == [(1, CODE[1]), (2, "bare.example")]


def test_anonymous_apps_are_numbers(client, headers, apps, settings):
    settings.RANKINGS = "anonymous"
    rows = ask(client, headers, APPS)["data"]
    assert [(row["app_id"], row["app_name"]) for row in rows] == [
        (1, "App 1"), (2, "App 2"), (3, "App 3"),
    ]  # fmt: skip


def test_a_key_may_ask_thirty_times_a_minute(client, headers, alice):
    for _ in range(30):
        ask(client, headers, DAILY)
    answer = client.get(DAILY, headers=headers)
    assert answer.status_code == 429 and int(answer["Retry-After"]) >= 1
    metadata = answer.json()["error"]["metadata"]
    assert metadata["limit_source"] == "openrouter_datasets_per_minute"
    another = api_rows.key_of(User.objects.get(pk=alice.user_id))[2]
    ask(client, another, DAILY)
