"""/rankings and its files."""

from __future__ import annotations

import csv
import io
import re

import api_rows
import pytest
from activity_builders import person
from ranking_rows import CHAT, CODE, LARGE, OTHERS, SMALL, take, used

from accounts.models import User
from rankings import boards
from rankings.models import RankedApp

pytestmark = pytest.mark.django_db
HOSTILE = ("https://evil.example", '=cmd()<script>alert("x")</script>')


@pytest.fixture
def used_site(db):
    """Two models this week, one last week, three apps."""
    alice = person()
    used(alice, 1, 1_000, SMALL, app=CHAT, requests=10)
    used(alice, 8, 600, SMALL, app=CHAT)
    used(alice, 2, 3_000, OTHERS, app=CODE, requests=5)
    used(alice, 9, 9_000, LARGE)
    used(alice, 1, 40, SMALL, app=HOSTILE)
    used(alice, 30, 1)
    take()
    return alice


def page(client, query=""):
    answer = client.get(f"/rankings{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def table(html, label):
    """Text of each row of a table, without its head."""
    (body,) = re.findall(rf'aria-label="{label}".*?<tbody>(.*?)</tbody>', html, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_a_site_without_a_completed_day_says_so(client):
    assert "No completed day yet" in page(client)
    assert client.get("/rankings.csv").status_code == 200
    assert client.get("/rankings.json").json()["data"] == []


def test_models_are_ranked_by_tokens_of_the_week(client, used_site):
    first, second = table(page(client), "Models by tokens")
    assert first.startswith("1 new") and OTHERS in first and "3,000" in first and "74.3%" in first
    assert second.startswith("2") and SMALL in second and "+73%" in second and "25.7%" in second


def test_a_model_has_the_name_of_the_catalog(client, used_site):
    api_rows.small_catalog()
    assert "GPT-4" in table(page(client), "Models by tokens")[1]


def test_the_definition_is_on_the_page(client, used_site):
    html = " ".join(page(client).split())
    for words in ("Prompt and completion tokens", "Completed days of UTC", "Last computed"):
        assert words in html


def test_another_span_and_authors_are_in_the_address(client, used_site):
    assert "9,000" in table(page(client, "?view=month"), "Models by tokens")[0]
    rows = table(page(client, "?view=month&by=author"), "Authors by tokens")
    assert rows[0].startswith("1") and "openai" in rows[0] and "78" in rows[0]


def test_trending_is_told_once_there_are_four_spans(client, used_site):
    assert [OTHERS not in row for row in table(page(client), "Trending models")] == [True]
    assert SMALL in table(page(client), "Trending models")[0]
    assert "has not counted that long" in page(client, "?view=month&apps=trending")


def test_apps_are_linked_with_their_hosts(client, used_site):
    rows = table(page(client), "Apps by tokens")
    assert ["Code code.example" in rows[0], "Example Chat chat.example" in rows[1]] == [True, True]
    app = RankedApp.objects.get(origin=CHAT[0])
    assert f'href="/apps/{app.pk}"' in page(client)


def test_hostile_titles_are_text(client, used_site):
    html = page(client)
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html
    assert CODE[0] not in html and HOSTILE[0] not in html


def test_hidden_apps_are_nowhere(client, used_site):
    RankedApp.objects.filter(origin=CHAT[0]).update(hidden=True)
    boards.forget()
    for address in ("/rankings", "/rankings.csv?by=app", "/rankings.json?by=app", "/"):
        assert CHAT[1] not in client.get(address).content.decode()


def test_a_long_table_is_shortened_until_one_asks(client):
    alice = person()
    for number in range(23):
        used(alice, 1, 100 + number, f"a/model-{number}")
    take()
    assert len(table(page(client), "Models by tokens")) == 20
    assert "Show all 23 models" in page(client)
    assert len(table(page(client, "?all=1"), "Models by tokens")) == 23


@pytest.mark.parametrize(
    "query",
    ["?view=year", "?view=%00", "?by=%ff", "?apps=&all=2", "?view=week&view=day", "?" + "x=" * 999],
)
def test_what_makes_no_sense_is_ignored(client, used_site, query):
    for path in ("/rankings", "/rankings.csv", "/rankings.json"):
        assert client.get(path + query).status_code == 200


def test_anonymous_rankings_name_no_app_but_to_the_staff(client, used_site, settings):
    settings.RANKINGS = "anonymous"
    names = (CHAT[1], CODE[1], "chat.example", "code.example", 'href="/apps/')
    for address in ("/rankings", "/rankings.csv?by=app", "/rankings.json?by=app", "/"):
        answer = client.get(address).content.decode()
        assert [name for name in names if name in answer] == []
    assert table(page(client), "Apps by tokens")[0].startswith("1 new A1 App 1")
    User.objects.filter(pk=used_site.user_id).update(is_staff=True)
    client.force_login(User.objects.get(pk=used_site.user_id))
    assert CHAT[1] in page(client) and "Only the staff see" in page(client)


def test_private_rankings_are_for_who_is_signed_in(client, used_site, settings):
    settings.RANKINGS = "private"
    for path in ("/rankings", "/rankings.csv", "/rankings.json", "/apps/1"):
        answer = client.get(path)
        assert answer.status_code == 302 and "/accounts/login/?next=" in answer["Location"]
    assert "Most used models" not in client.get("/").content.decode()
    client.force_login(User.objects.get(pk=used_site.user_id))
    assert CHAT[1] in page(client)
    landing = client.get("/").content.decode()
    assert "Most used models" in landing and CHAT[1] in landing


def lines(client, query):
    answer = client.get(f"/rankings.csv{query}")
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_csv_has_what_the_page_shows(client, used_site):
    first, second = lines(client, "?view=week")
    assert (first["rank"], first["model"], first["tokens"]) == ("1", OTHERS, "3000")
    assert second["tokens_before"] == "600" and second["requests"] == "11"
    assert [int(value) for name, value in second.items() if "/" in name][-2:] == [600, 1040]
    assert [row["author"] for row in lines(client, "?by=author")] == ["mistralai", "openai"]


def test_no_spreadsheet_runs_a_title(client, used_site):
    titles = [row["title"] for row in lines(client, "?by=app")]
    assert f"'{HOSTILE[1]}" in titles


def test_json_has_the_same(client, used_site):
    answer = client.get("/rankings.json?by=app").json()
    assert [row["origin"] for row in answer["data"]] == [CODE[0], CHAT[0], HOSTILE[0]]
    assert answer["data"][1]["tokens_by_span"][-2:] == ["600", "1000"]
    assert answer["meta"]["view"] == "week" and len(answer["meta"]["spans"]) == 4
    assert sum(row["share"] for row in answer["data"]) == pytest.approx(1)


def test_the_page_asks_nothing_of_the_database_once_it_was_read(
    client, used_site, django_assert_max_num_queries
):
    page(client)
    with django_assert_max_num_queries(0):
        page(client)
