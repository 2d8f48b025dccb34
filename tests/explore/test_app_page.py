"""/apps/{id}, and hiding an app."""

from __future__ import annotations

import pytest
from activity_builders import person
from django.test import Client
from ranking_rows import CHAT, CODE, LARGE, SMALL, app_id, take, used

from accounts.models import User
from rankings.models import RankedApp

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    who = person("alice")
    used(who, 1, 800, SMALL, app=CHAT, requests=4)
    used(who, 3, 200, LARGE, app=CHAT)
    used(who, 1, 5_000, SMALL, app=CODE)
    return who


@pytest.fixture
def bob(db):
    who = person("bob")
    used(who, 1, 10, SMALL, app=CHAT)
    return who


def browser(who, **fields):
    User.objects.filter(pk=who.user_id).update(**fields)
    client = Client()
    client.force_login(User.objects.get(pk=who.user_id))
    return client


def page(client, number=None, status=200):
    answer = client.get(f"/apps/{number or app_id()}")
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_an_app_shows_who_it_is_and_what_it_used(client, alice):
    take()
    html = page(client)
    assert f"<bdi>{CHAT[1]}</bdi>" in html
    assert f'<a href="{CHAT[0]}" rel="nofollow ugc noopener">chat.example</a>' in html
    assert "#2" in html and "of 2 apps" in html and "1,000" in html
    assert html.index(f">{SMALL}<") < html.index(f">{LARGE}<") and "80%" in html
    assert "Hide this app" not in html


def test_an_app_on_localhost_leads_nowhere(client, alice):
    used(alice, 1, 5, app=("http://localhost:3000", "<b>My tool</b>"))
    take()
    html = page(client, app_id("http://localhost"))
    assert "&lt;b&gt;My tool&lt;/b&gt;" in html and 'href="http://localhost' not in html


@pytest.mark.parametrize("number", ["999", "0", "9" * 40, "x", "-1", "1.5"])
def test_what_is_no_app_is_not_found(client, db, number):
    page(client, number, status=404)


def test_an_app_that_is_not_used_any_more_has_a_page(client, alice):
    used(alice, 60, 5, app=("https://old.example", ""))
    take()
    assert "No requests in the last 30 days" in page(client, app_id("https://old.example"))


def test_only_its_owner_is_asked_whether_to_hide_it(alice, bob):
    take()
    assert "Hide this app" in page(browser(alice))
    assert "Hide this app" not in page(browser(bob))


def test_an_owner_hides_an_app_and_shows_it_again(client, alice, bob):
    take()
    address = f"/apps/{app_id()}/hide"
    assert browser(alice).post(address).status_code == 302
    page(client, status=404)
    page(browser(bob), status=404)
    assert "Show it again" in page(browser(alice))
    assert browser(alice).post(address, {"show": "1"}).status_code == 302
    page(client)


@pytest.mark.parametrize("show", ["", "1"])
def test_nobody_else_hides_or_shows_it(client, alice, bob, show):
    take()
    address = f"/apps/{app_id()}/hide"
    RankedApp.objects.filter(pk=app_id()).update(hidden=bool(show), hidden_by_owner=bool(show))
    assert browser(bob).post(address, {"show": show}).status_code == 404
    assert browser(bob, is_staff=True).post(address, {"show": show}).status_code == 404
    assert client.post(address, {"show": show}).status_code == 302
    assert client.get(address).status_code == 405
    assert RankedApp.objects.get(pk=app_id()).hidden is bool(show)


def test_what_the_operator_hid_its_owner_sees_and_cannot_show(alice):
    take()
    RankedApp.objects.update(hidden=True)
    html = page(browser(alice))
    assert "the operator hid it" in html and "Show it again" not in html
    browser(alice).post(f"/apps/{app_id()}/hide", {"show": "1"})
    assert RankedApp.objects.get(pk=app_id()).hidden


def test_anonymous_apps_have_no_page_but_for_owners_and_staff(client, alice, bob, settings):
    take()
    settings.RANKINGS = "anonymous"
    page(client, status=404)
    page(browser(bob), status=404)
    page(browser(alice))
    assert "/admin/rankings/rankedapp/" in page(browser(bob, is_staff=True))


def test_private_apps_are_for_who_is_signed_in(client, alice, bob, settings):
    take()
    settings.RANKINGS = "private"
    page(client, status=302)
    page(browser(bob))
