from __future__ import annotations

import re

import pytest

from documentation.search import search

pytestmark = pytest.mark.django_db


def addresses(asked):
    return [found.address for found in search(asked)]


def test_a_heading_comes_before_a_mention():
    assert addresses("top_k")[0] == "/docs/parameters#top_k"
    assert addresses("rate limits")[0] == "/docs/limits#rate-limits"


def test_all_words_must_be_there_in_any_case():
    assert "/docs/streaming#cancelling" in addresses("CANCELLING provider")
    assert addresses("cancelling zebra") == []


def test_code_is_searched_too():
    assert any(each.startswith("/docs/streaming") for each in addresses("AbortController"))


def test_what_was_found_is_marked_and_escaped():
    (first, *_) = search("finish_reason")
    assert "<mark>finish_reason</mark>" in first.heading + first.excerpt
    for found in search("a href <script>") + search("b"):
        text = re.sub(r"</?mark>", "", found.heading + found.excerpt)
        assert "<" not in text and ">" not in text


def test_the_page_works_without_script(client):
    html = client.get("/docs/search?q=middle-out").content.decode()
    assert "<html" in html
    assert 'value="middle-out"' in html
    assert "/docs/prompts#prompts-that-are-too-long" in html


def test_htmx_gets_the_results_alone(client):
    answer = client.get("/docs/search?q=middle-out", headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "/docs/prompts" in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_nothing_found_says_so(client):
    html = client.get("/docs/search?q=<b>xyzzy").content.decode()
    assert "Nothing found" in html
    assert "&lt;b&gt;xyzzy" in html and "<b>xyzzy" not in html


@pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=" + "a" * 5000, "q=%ff", "q=((*", "x=1"])
def test_any_question_is_answered(client, query):
    assert client.get(f"/docs/search?{query}").status_code == 200


def test_only_reading_is_allowed(client):
    for path in ("/docs", "/docs/routing", "/docs/search", "/docs/routing.md", "/llms.txt"):
        assert client.post(path).status_code == 405
