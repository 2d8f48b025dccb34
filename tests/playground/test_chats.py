"""Chats: made by the page, listed, read, renamed, deleted and brought back."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from api_rows import person
from chat_rows import NOON, answer, browser, chat, message, pane, send
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from billing.models import Generation
from playground import chats, ids, reading
from playground.models import Chat

pytestmark = pytest.mark.django_db
SETTINGS = {
    "version": 1,
    "system": "Be brief.",
    "tools": [],
    "blind": False,
    "panes": [pane(), pane("p2", "openai/gpt-4", parameters={"temperature": 0.7})],
}


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def page(alice):
    return browser(alice)


def listed(page, query=""):
    answer = page.get(f"/playground/chats{query}")
    assert answer.status_code == 200
    return answer.json()


def create(page, id=None, **body):
    return send(page, "/playground/chats", {"id": id or ids.new("chat"), **body})


def read(page, row):
    answer = page.get(f"/playground/chats/{row.pk}")
    assert answer.status_code == 200
    return answer.json()


def test_chat_that_is_made_is_read_as_it_was_said(page):
    made = create(page, title=" Two\n models\x00 ", settings=SETTINGS)
    assert made.status_code == 201
    id = made.json()["chat"]["id"]
    found = page.get(f"/playground/chats/{id}").json()
    assert found["chat"]["title"] == "Two models"
    assert found["chat"]["settings"] == SETTINGS
    assert (found["chat"]["cost"], found["messages"]) == ("0", [])


def test_making_it_twice_makes_one(page):
    id = ids.new("chat")
    assert create(page, id, title="first").status_code == 201
    again = create(page, id, title="second")
    assert (again.status_code, again.json()["chat"]["title"]) == (201, "first")
    assert Chat.objects.count() == 1


def test_id_of_anothers_chat_is_taken_and_tells_nothing(page):
    theirs = chat(person("bob"), title="secret")
    answer = create(page, theirs.pk, title="mine")
    assert answer.status_code == 409
    assert "secret" not in answer.content.decode()
    assert Chat.objects.get().user_id == theirs.user_id


def test_nothing_that_was_written_is_in_the_database_as_it_was_written(page):
    create(page, title="wonderland", settings=SETTINGS | {"system": "rabbit-hole"})
    row = Chat.objects.get()
    message(row, "mad-hatter")
    send(page, "/playground/preferences", {"settings": {"system": "cheshire-cat"}})
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table.startswith("playground_"):
                cursor.execute(f'SELECT * FROM "{table}"')
                found += map(str, cursor.fetchall())
    assert found
    for words in ("wonderland", "rabbit-hole", "mad-hatter", "cheshire-cat"):
        assert not [row for row in found if words in row]


def test_newest_come_first_a_page_at_a_time(alice, page):
    at = [NOON + timedelta(seconds=number // 3) for number in range(120)]
    rows = [chat(alice, title=str(number), updated_at=at[number]) for number in range(120)]
    expected = [row.pk for row in sorted(rows, key=lambda row: (row.updated_at, row.pk))[::-1]]
    first = listed(page)
    second = listed(page, f"?after={first['next']}")
    third = listed(page, f"?after={second['next']}")
    found = [each["id"] for part in (first, second, third) for each in part["chats"]]
    assert found == expected
    assert [len(part["chats"]) for part in (first, second, third)] == [50, 50, 20]
    assert third["next"] is None


@pytest.mark.parametrize("cursor", ["x", "1", "-1_chat-", "9" * 30, "1_chat-" + "a" * 23, "%00"])
def test_cursor_that_was_never_given_is_refused(page, cursor):
    answer = page.get(f"/playground/chats?after={cursor}")
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"] == {"field": "after"}


def test_search_finds_titles_and_what_was_said(alice, page):
    said = chat(alice, title="Nothing")
    message(said, "The White  Rabbit\nruns")
    titled = chat(alice, title="White rabbit", updated_at=NOON + timedelta(hours=1))
    message(chat(alice, title="Other"), "A grey rabbit")
    parts = chat(alice, title="Parts", updated_at=NOON + timedelta(hours=2))
    message(parts, said={"content": [{"type": "text", "text": "white rabbit"}]})
    chat(alice, title="white rabbit, gone", deleted_at=timezone.now())
    found = listed(page, "?q=white+RABBIT")
    assert [each["id"] for each in found["chats"]] == [parts.pk, titled.pk, said.pk]
    assert found["next"] is None
    assert listed(page, "?q=%25%00_")["chats"] == []


def test_search_does_not_see_what_is_anothers(page):
    theirs = chat(person("bob"), title="white rabbit")
    message(theirs, "white rabbit")
    assert listed(page, "?q=rabbit")["chats"] == []


def test_search_looks_at_the_newest_messages_only(alice, page, monkeypatch):
    monkeypatch.setattr("playground.search.MESSAGES_MAX", 1)
    old = chat(alice, title="old")
    message(old, "rabbit")
    message(chat(alice, title="new"), "hatter")
    assert listed(page, "?q=rabbit")["chats"] == []
    assert len(listed(page, "?q=hatter")["chats"]) == 1


def test_rename_keeps_settings_and_settings_keep_the_title(alice, page):
    row = chat(alice, title="old", settings=SETTINGS)
    path = f"/playground/chats/{row.pk}"
    assert send(page, path, {"title": "new"}).status_code == 200
    assert send(page, path, {"settings": SETTINGS | {"blind": True}}).status_code == 200
    found = read(page, row)["chat"]
    assert (found["title"], found["settings"]["blind"]) == ("new", True)
    # Neither is a use: the list keeps its order.
    assert Chat.objects.get().updated_at == NOON


def test_delete_and_undo(alice, page):
    row = chat(alice)
    path = f"/playground/chats/{row.pk}"
    assert send(page, f"{path}/delete").json() == {"id": row.pk, "undo_s": 600}
    assert page.get(path).status_code == 404
    assert send(page, f"{path}/delete").status_code == 404
    assert listed(page)["chats"] == []
    assert send(page, f"{path}/restore").json()["chat"]["id"] == row.pk
    assert page.get(path).status_code == 200


def test_after_ten_minutes_there_is_no_undo(alice, page):
    row = chat(alice, deleted_at=timezone.now() - chats.UNDO - timedelta(seconds=1))
    assert send(page, f"/playground/chats/{row.pk}/restore").status_code == 404


def test_messages_come_with_their_tree_and_what_is_known_of_them(alice, page):
    row = chat(alice)
    asked = message(row, "Why?")
    error = {"code": 502, "message": "Provider returned error"}
    said = answer(
        row, asked, "Because.", state="failed", sequence=7, generation_id="gen-1",
        provider_name="OpenAI", cost_nano=2_600_000, figures={"ttft_ms": 380}, error=error,
    )  # fmt: skip
    first, second = read(page, row)["messages"]
    assert (first["id"], first["parent"], first["role"]) == (asked.pk, None, "user")
    assert second == {
        "id": said.pk, "parent": asked.pk, "pane": "p1", "role": "assistant", "state": "failed",
        "sequence": 7, "message": {"content": "Because."}, "generation": "gen-1",
        "model": "openai/gpt-4o", "provider": "OpenAI", "cost": "0.0026",
        "figures": {"ttft_ms": 380}, "error": error, "created_at": said.created_at.isoformat(),
    }  # fmt: skip


def test_cost_is_what_the_books_say_where_the_row_does_not_know_it_yet(alice, page):
    row = chat(alice)
    asked = message(row)
    Generation.objects.create(
        id="gen-lost", user_id=alice.pk, model="openai/gpt-4o", cost_nano=400_000_000,
        created_at=NOON, streamed=True, usage_source="upstream", tokens_prompt=1,
        tokens_completion=1, native_tokens_prompt=1, native_tokens_completion=1,
    )  # fmt: skip
    answer(row, asked, cost_nano=1, generation_id="gen-known")
    answer(row, asked, state="lost", generation_id="gen-lost")
    answer(row, asked, state="failed", generation_id="gen-never-booked")
    found = read(page, row)
    assert found["chat"]["cost"] == "0.400000001"
    assert [each["cost"] for each in found["messages"]] == [None, "0.000000001", "0.4", None]


def test_long_chat_is_read_with_few_queries(alice, django_assert_max_num_queries):
    row = chat(alice)
    parent = message(row)
    for number in range(60):
        parent = answer(row, parent, str(number), generation_id=f"gen-{number}")
    with django_assert_max_num_queries(3):
        assert len(reading.described(row)["messages"]) == 61


def test_what_cannot_be_decrypted_any_more_is_empty_and_the_rest_is_shown(alice, page):
    row = chat(alice)
    lost = message(row)
    message(row, "still there")
    lost.encrypted = "?"
    lost.save()
    assert [each["message"] for each in read(page, row)["messages"]] == [
        {},
        {"content": "still there"},
    ]


def test_number_of_chats_is_bounded(alice, page, monkeypatch):
    monkeypatch.setattr("playground.chats.CHATS_MAX", 1)
    assert create(page).status_code == 201
    answer = create(page)
    assert (answer.status_code, "Delete some" in answer.json()["error"]["message"]) == (400, True)


def test_new_key_of_the_server_takes_chats_along(alice, page, settings):
    settings.CREDENTIALS_KEY = "a" * 40
    row = chat(alice, title="kept")
    message(row, "said")
    settings.CREDENTIALS_KEY = f"{'b' * 40},{'a' * 40}"
    call_command("rotate_credentials", stdout=io.StringIO())
    settings.CREDENTIALS_KEY = "b" * 40
    found = read(page, row)
    assert found["chat"]["title"] == "kept"
    assert found["messages"][0]["message"] == {"content": "said"}
