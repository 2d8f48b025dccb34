"""What a person set for all chats."""

from __future__ import annotations

import pytest
from api_rows import person
from chat_rows import browser, pane, send

from playground import preferences
from playground.models import Preferences

pytestmark = pytest.mark.django_db
PATH = "/playground/preferences"


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def page(alice):
    return browser(alice)


def test_what_was_never_set_is_empty_and_makes_no_row(alice, page):
    expected = {"favourites": [], "settings": {}, "chat_days": 0}
    assert page.get(PATH).json() == preferences.of(alice.pk) == expected
    assert not Preferences.objects.exists()


def test_each_is_set_by_itself(page):
    settings = {"version": 1, "panes": [pane()]}
    assert send(page, PATH, {"favourites": ["x/y", "a/b", "x/y"]}).status_code == 200
    send(page, PATH, {"settings": settings})
    found = send(page, PATH, {"chat_days": 30}).json()
    assert found == {"favourites": ["x/y", "a/b"], "settings": settings, "chat_days": 30}
    assert page.get(PATH).json() == found
    assert browser(person("bob")).get(PATH).json()["favourites"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("favourites", "x/y"), ("favourites", [1]), ("favourites", ["my diary: today"]),
        ("favourites", ["x/y"] * 201), ("favourites", ["\0"]), ("favourites", None),
        ("chat_days", -1), ("chat_days", 3651), ("chat_days", True), ("chat_days", 1.5),
        ("chat_days", "1"), ("chat_days", 10**30), ("settings", []), ("settings", None),
    ],
)  # fmt: skip
def test_values_of_another_shape_are_refused_by_name(page, field, value):
    answer = send(page, PATH, {field: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"] == {"field": field}
    assert not Preferences.objects.exists()
