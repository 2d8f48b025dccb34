"""What the search of the top bar finds among pages and keys: one's own, for whoever asks."""

from __future__ import annotations

import pytest
from consent_rows import person

from accounts import keys

pytestmark = pytest.mark.django_db


def found(client, words):
    answer = client.get("/quick", {"q": words})
    assert answer.status_code == 200
    return answer.content.decode()


def test_visitor_finds_public_pages_only(client):
    assert "Rankings" in found(client, "")
    assert "/rankings" in found(client, "RANK")
    assert "Activity" not in found(client, "")
    assert found(client, "activity").strip() == ""


def test_person_finds_own_keys_by_name_and_nobody_elses(client):
    alice, bob = person("alice"), person("bob")
    keys.create(alice, "laptop of alice")
    keys.create(bob, "laptop of bob")
    client.force_login(alice)
    page = found(client, "laptop")
    assert "laptop of alice" in page
    assert "laptop of bob" not in page
    assert "laptop" not in found(client, "")


@pytest.mark.parametrize("words", ["\0", "%", "'", "<script>", "\ud800", "x" * 10_000, "_" * 50])
def test_odd_words_find_nothing_and_break_nothing(client, words):
    client.force_login(person("alice"))
    for path in ("/quick", "/models/quick", "/docs/quick"):
        answer = client.get(path, {"q": words.encode("utf-8", "surrogatepass").decode("latin-1")})
        assert answer.status_code == 200
        assert "<script>" not in answer.content.decode()
