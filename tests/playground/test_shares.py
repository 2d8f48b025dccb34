"""Links to chats: what they show, to whom, until when."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from api_rows import person
from chat_rows import answer, browser, chat, message, pane, picture, png, send
from django.utils import timezone

from playground import files, ids, shares
from playground.models import Message, Share

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def page(alice):
    return browser(alice)


@pytest.fixture
def talk(alice):
    settings = {"system": "Secret system prompt", "panes": [pane(parameters={"seed": 4242})]}
    row = chat(alice, "White rabbits", settings)
    asked = message(row, "Why do they\nrun?\n\nSay.")
    answer(
        row, asked, "# Late\n\nThey are **late**.", cost_nano=2_600_000, generation_id="gen-77",
        provider_name="Wonder", figures={"ttft_ms": 380},
    )  # fmt: skip
    return row


def share(page, row, **body):
    made = send(page, f"/playground/chats/{row.pk}/shares", body)
    assert made.status_code == 201, made.content
    return made.json()


def main(answer):
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_whoever_has_the_link_reads_the_chat(page, talk):
    made = share(page, talk)
    assert made["url"] == f"http://testserver/s/{made['token']}"
    shown = browser().get(made["url"])
    assert shown.status_code == 200
    text = main(shown)
    assert "White rabbits" in text and "openai/gpt-4o" in text
    assert "<p>Why do they<br>run?</p>" in text
    assert "<h4>Late</h4>" in text and "<strong>late</strong>" in text


def test_nothing_of_the_account_or_the_price_is_shown(page, talk):
    shown = browser().get(f"/s/{share(page, talk)['token']}").content.decode()
    for words in ("alice", "0.0026", "gen-77", "Wonder", "380", "4242", "Secret system", talk.pk):
        assert words not in shown, words


def test_no_search_engine_lists_it_and_no_cache_keeps_it(page, talk):
    shown = browser().get(f"/s/{share(page, talk)['token']}")
    assert shown["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert '<meta name="robots" content="noindex, nofollow, noarchive">' in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"


def test_it_stays_as_it_was(page, talk):
    token = share(page, talk)["token"]
    answer(talk, message(talk, "And then?"), "Later words")
    send(page, f"/playground/chats/{talk.pk}", {"title": "Another title"})
    text = main(browser().get(f"/s/{token}"))
    assert "Later words" not in text and "Another title" not in text and "White rabbits" in text


def test_it_shows_the_branches_that_were_chosen(alice, page):
    row = chat(alice)
    asked = message(row)
    one, two = answer(row, asked, "first branch"), answer(row, asked, "second branch")
    shown = main(browser().get(f"/s/{share(page, row, leaves=[one.pk])['token']}"))
    assert "first branch" in shown and "second branch" not in shown
    both = main(browser().get(f"/s/{share(page, row, leaves=[one.pk, two.pk])['token']}"))
    assert "first branch" in both and "second branch" in both


@pytest.mark.parametrize("leaves", ["x", [1], ["x"], ["msg-" + "a" * 22], [None] * 7, {"a": 1}])
def test_leaves_that_are_not_there_are_refused(page, talk, leaves):
    made = send(page, f"/playground/chats/{talk.pk}/shares", {"leaves": leaves})
    assert made.status_code == 400
    assert made.json()["error"]["metadata"] == {"field": "leaves"}


def test_revoked_is_as_if_there_had_never_been_a_link(page, talk):
    token = share(page, talk)["token"]
    never = browser().get("/s/" + "a" * 32)
    revoked = page.post(f"/playground/shares/{token}/revoke")
    assert (revoked.status_code, revoked["Location"]) == (302, "/playground/shared")
    answer = browser().get(f"/s/{token}")
    assert (answer.status_code, told(answer)) == (404, told(never))
    assert page.post(f"/playground/shares/{token}/revoke").status_code == 404
    # What it showed is gone from the database too.
    assert shares.of_user(talk.user_id).count() == 0
    assert shares.snapshot_of(Share.objects.get()) == {}


def told(answer):
    """Without what differs from one answer to the next anyway."""
    own = re.escape(answer.request["PATH_INFO"])
    text = re.sub(own, "", answer.content.decode())
    text = text.replace(answer.request["PATH_INFO"].replace("/", "%2F"), "")
    return re.sub(r'(nonce|content|value)="[^"]{16,}"', "", text)


def test_script_revokes_by_json(page, talk):
    token = share(page, talk)["token"]
    path = f"/playground/shares/{token}/revoke"
    assert send(browser(person("bob")), path).status_code == 404
    assert send(page, path).json() == {"token": token}
    assert send(page, path).json()["error"]["code"] == 404


@pytest.mark.parametrize("what", ["deleted chat", "closed person"])
def test_it_goes_with_its_chat_and_with_its_owner(alice, page, talk, what):
    token = share(page, talk)["token"]
    if what == "deleted chat":
        send(page, f"/playground/chats/{talk.pk}/delete")
    else:
        alice.is_active = False
        alice.save()
    assert browser().get(f"/s/{token}").status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 31, "a" * 33, "%00" * 32, "..%2f..", "é" * 32])
def test_tokens_that_no_link_has_are_not_there(token):
    assert browser().get(f"/s/{token}").status_code == 404
    assert browser().get(f"/s/{token}/files/{ids.new('file')}").status_code == 404


def test_pictures_are_served_under_the_link_alone(alice, page):
    row = chat(alice)
    shown, hidden = picture(alice, row), picture(alice, row)
    image = {"type": "image_url", "image_url": {"url": f"attachment:{shown.pk}"}}
    asked = message(row, said={"content": [image]})
    answer(row, asked, "A dot.")
    token = share(page, row)["token"]
    visitor = browser()
    path = f"/s/{token}/files/{shown.pk}"
    assert f'src="{path}"' in main(visitor.get(f"/s/{token}"))
    found = visitor.get(path)
    assert (found.status_code, found.content) == (200, png())
    assert found["X-Robots-Tag"].startswith("noindex")
    assert visitor.get(f"/s/{token}/files/{hidden.pk}").status_code == 404
    assert visitor.get(f"/playground/files/{shown.pk}").status_code == 401
    send(page, f"/playground/shares/{token}/revoke")
    assert visitor.get(path).status_code == 404


def test_picture_of_anothers_that_a_message_names_is_not_served(alice, page):
    theirs = picture(person("bob"))
    row = chat(alice)
    image = {"type": "image_url", "image_url": {"url": f"attachment:{theirs.pk}"}}
    message(row, said={"content": [image]})
    token = share(page, row)["token"]
    assert browser().get(f"/s/{token}/files/{theirs.pk}").status_code == 404


def test_objects_are_downloads(alice, page):
    row = chat(alice)
    ply = files.keep(alice.pk, b"ply\n", "model/ply", row.pk)
    asked = message(row, "a chair")
    objects = [{"url": f"/playground/files/{ply.pk}", "size_bytes": 4}, "rubbish", {"url": 1}]
    answer(row, asked, "", figures={"objects": objects})
    token = share(page, row)["token"]
    found = browser().get(f"/s/{token}/files/{ply.pk}")
    assert found["Content-Disposition"].startswith("attachment")


def test_answer_that_failed_or_stopped_says_so(alice, page):
    row = chat(alice)
    asked = message(row)
    failed = answer(row, asked, "Half", state="failed", error={"message": "<b>gone</b>"})
    stopped = answer(row, asked, "Half", state="stopped")
    token = share(page, row, leaves=[failed.pk, stopped.pk])["token"]
    text = main(browser().get(f"/s/{token}"))
    assert "Failed: &lt;b&gt;gone&lt;/b&gt;" in text and "Stopped here." in text


def test_list_shows_ones_own_links_with_their_chats(alice, page, talk):
    made = [share(page, talk)["token"] for _ in range(2)]
    share(browser(bob := person("bob")), chat(bob, "bob's chat"))
    text = main(page.get("/playground/shared"))
    assert all(f"http://testserver/s/{token}" in text for token in made)
    assert text.count("White rabbits</bdi>") == 2 and "bob" not in text
    page.post(f"/playground/shares/{made[0]}/revoke")
    assert made[0] not in page.get("/playground/shared").content.decode()


def test_list_without_links_says_how_to_make_one(page):
    assert "choose Share" in main(page.get("/playground/shared"))


def test_very_long_chat_is_refused_with_a_way_out(alice, page, monkeypatch):
    monkeypatch.setattr("playground.snapshots.HTML_CHARACTERS_MAX", 100)
    row = chat(alice)
    message(row, "x" * 200)
    made = send(page, f"/playground/chats/{row.pk}/shares")
    assert made.status_code == 413
    assert "export" in made.json()["error"]["message"]


def test_number_of_links_is_bounded(page, talk, monkeypatch):
    monkeypatch.setattr("playground.shares.SHARES_MAX", 1)
    share(page, talk)
    assert send(page, f"/playground/chats/{talk.pk}/shares").status_code == 400


def test_revoked_links_are_pruned_and_others_stay(page, talk):
    tokens = [share(page, talk)["token"] for _ in range(2)]
    send(page, f"/playground/shares/{tokens[0]}/revoke")
    assert shares.prune() == 0
    Share.objects.filter(pk=tokens[0]).update(revoked_at=timezone.now() - timedelta(days=2))
    assert shares.prune() == 1
    assert [each.pk for each in Share.objects.all()] == [tokens[1]]


def test_empty_chat_can_be_shared(alice, page):
    text = main(browser().get(f"/s/{share(page, chat(alice))['token']}"))
    assert "Nothing was said yet" in text
    assert not Message.objects.exists()
