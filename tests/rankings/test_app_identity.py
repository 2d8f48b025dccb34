"""Which app a request belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankings.identity import LOCALHOST, ORIGIN_CHARS_MAX, identity_of


@pytest.mark.parametrize(
    ("referer", "title", "key", "origin"),
    [
        ("https://chat.example", "Chat", "https://chat.example", "https://chat.example"),
        ("https://Chat.Example:443/a?b#c", "", "https://chat.example", "https://chat.example"),
        ("http://chat.example:8080/", "", "http://chat.example:8080", "http://chat.example:8080"),
        ("https://user:pw@chat.example/", "", "https://chat.example", "https://chat.example"),
        ("http://[2001:db8::1]/x", "", "http://[2001:db8::1]", "http://[2001:db8::1]"),
        ("http://localhost:3000", "My tool", f"{LOCALHOST}#My tool", LOCALHOST),
        ("http://127.0.0.1:5173/x", "My  tool", f"{LOCALHOST}#My tool", LOCALHOST),
        ("https://app.localhost", "My tool", f"{LOCALHOST}#My tool", LOCALHOST),
        ("http://[::1]:80", "My tool", f"{LOCALHOST}#My tool", LOCALHOST),
    ],
)
def test_apps_are_told_apart_by_origin_and_on_this_machine_by_title(referer, title, key, origin):
    found = identity_of(referer, title)
    assert (found.key, found.origin) == (key, origin)


@pytest.mark.parametrize(
    ("referer", "title"),
    [
        ("", "Chat"), ("chat.example", "Chat"), ("javascript:alert(1)", "Chat"),
        ("data:text/html,<b>", "Chat"), ("ftp://chat.example", "Chat"), ("https://", "Chat"),
        ("https://a b/", "Chat"), ("https://<script>/", "Chat"), ('https://"x/', "Chat"),
        ("https://a:b/", "Chat"), ("https://[::1", "Chat"), ("http://localhost", ""),
        ("http://localhost", " \u202e\n"), (f"https://{'a' * ORIGIN_CHARS_MAX}.example", "Chat"),
    ],
)  # fmt: skip
def test_what_names_no_site_is_no_app(referer, title):
    assert identity_of(referer, title) is None


def test_a_title_keeps_what_can_be_seen():
    assert identity_of("https://a.example", "\u202eevil\x00 <b>\n x").title == "evil <b> x"


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_referer_breaks_it_and_an_origin_is_one(referer, title):
    for text in (referer, f"https://{referer}", f"http://{referer}/x"):
        found = identity_of(text, title)
        if found is not None:
            assert found.origin.startswith(("http://", "https://"))
            assert not set(found.origin) & set(" <>\"'\\\n")
            assert len(found.origin) <= ORIGIN_CHARS_MAX
