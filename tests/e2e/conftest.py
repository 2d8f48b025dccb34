"""Fixtures of the browser tests. See browser.py for what a Person can do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# Some journeys also speak to the API.
sys.path.append(str(Path(__file__).parent.parent / "wire"))

from browser import ARGUMENTS, AXE_PATH, THEMES, WIDTH_MIN, WIDTHS, Person
from gateway_process import unique
from playwright.sync_api import expect, sync_playwright
from scripted_line import ScriptedLine

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@pytest.fixture(scope="module")
def chromium(unavailable):
    """Chromium. It ends with the module, and with it the event loop: the ORM of the other tests
    refuses to work beside one."""
    if not Path(CHROMIUM).exists():
        unavailable("chromium")
    if not AXE_PATH.exists():
        unavailable("axe-core (npm ci in frontend)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, chromium_sandbox=False, args=ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def person(chromium):
    """Makes people: `person(site, theme="dark", width=390, session=...)`; gone after the test."""
    people = []

    def make(site, **how):
        people.append(Person(chromium, site, **how))
        return people[-1]

    yield make
    for one in people:
        one.close()


@pytest.fixture
def everywhere(person):
    """`everywhere(site, path)`: the page has no fault in both themes on a desk and on a phone, and
    is not too wide for a small one. Its colours follow the system's while it is open."""

    def check(site, path, status=200, name="", **how):
        for width in WIDTHS:
            one = person(site, theme=THEMES[0], width=width, **how)
            one.open(path, status)
            for theme in THEMES:
                one.turn(theme)
                one.photograph(path, name)
                one.check(status)
            if width == WIDTHS[-1]:
                one.shrink_to(WIDTH_MIN)
                one.check_width()
            one.close()

    return check


@pytest.fixture(scope="session")
def workshop(lasting_gateway):
    """A server with DEBUG: the style guide is there."""
    return lasting_gateway(DEBUG="1").start()


@pytest.fixture
def browser_page(person, gateway):
    """A page on the site as it comes, signed out, in light colours on a desk."""
    return person(gateway).page


@pytest.fixture
def player(gateway):
    """The session of somebody with credits."""
    caller = gateway.caller(email=f"{unique('player')}@example.com")
    return gateway.desk("session", user_id=caller.user_id)


@pytest.fixture
def play(person, gateway, player):
    """`play(model, ...)` opens the Playground before a server that says what the test wants: the
    person, the page, the line. `line` has what ScriptedLine takes."""

    def opened(*models, line=None, **how):
        one = person(gateway, session=player, **how)
        scripted = ScriptedLine(one.page, **(line or {}))
        one.open(f"/playground?models={','.join(models)}")
        expect(one.page.locator("#play[data-ready]")).to_be_attached()
        return one, one.page, scripted

    return opened
