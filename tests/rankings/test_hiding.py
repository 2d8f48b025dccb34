"""Who makes most of an app's requests may hide it; the operator has the last word."""

from __future__ import annotations

import pytest
import ranking_rows as rows
from activity_builders import person
from django.db import IntegrityError, transaction
from django.urls import reverse
from ranking_rows import CHAT, CODE, take, used

from accounts.models import User
from rankings import boards, hiding
from rankings.models import RankedApp

pytestmark = pytest.mark.django_db


def user(who):
    return User.objects.get(pk=who.user_id)


def chat():
    return RankedApp.objects.get(origin=CHAT[0])


@pytest.fixture
def alice(db):
    return person("alice")


@pytest.fixture
def bob(db):
    return person("bob")


def test_most_of_the_requests_and_of_the_tokens_make_an_owner(alice, bob):
    used(alice, 1, 60, app=CHAT, requests=3)
    used(bob, 2, 40, app=(f"{CHAT[0]}:443/x", "Other title"), requests=2)
    used(bob, 1, 9_000, app=CODE, requests=9)
    take()
    assert hiding.is_owner(user(alice), chat()) and not hiding.is_owner(user(bob), chat())


@pytest.mark.parametrize(("tokens", "requests"), [(50, 9), (99, 2), (1, 9)])
def test_half_of_either_is_not_most(alice, bob, tokens, requests):
    used(alice, 1, tokens, app=CHAT, requests=requests)
    used(bob, 1, 50, app=CHAT, requests=2)
    take()
    assert not hiding.is_owner(user(alice), chat())


def test_titles_tell_apps_of_localhost_apart(alice, bob):
    used(alice, 1, 50, app=("http://localhost:3000", "Mine"))
    used(bob, 1, 90, app=("http://127.0.0.1:3000", "His"))
    take()
    mine = RankedApp.objects.get(title="Mine")
    assert hiding.is_owner(user(alice), mine) and not hiding.is_owner(user(bob), mine)


def test_what_is_long_ago_owns_nothing(alice):
    used(alice, hiding.OWNED_DAYS + 2, 50, app=CHAT)
    take()
    assert not hiding.is_owner(user(alice), chat())


def test_an_owner_hides_and_shows(alice):
    used(alice, 1, 50, app=CHAT)
    take()
    hiding.hide_for_owner(chat())
    assert chat().hidden and boards.board("week").apps == {}
    hiding.show_for_owner(chat())
    assert not chat().hidden and len(boards.board("week").apps) == 1


def test_an_owner_undoes_nothing_that_the_operator_did(alice):
    used(alice, 1, 50, app=CHAT)
    take()
    RankedApp.objects.update(hidden=True)
    hiding.hide_for_owner(chat())
    hiding.show_for_owner(chat())
    assert chat().hidden and not chat().hidden_by_owner


def test_shown_apps_were_hidden_by_nobody(alice):
    used(alice, 1, 50, app=CHAT)
    take()
    with pytest.raises(IntegrityError), transaction.atomic():
        RankedApp.objects.update(hidden_by_owner=True)


def test_the_operator_hides_and_shows_in_the_administration(alice, admin_client):
    used(alice, 1, 50, app=CHAT)
    take()
    address = reverse("admin:rankings_rankedapp_changelist")
    for action, hidden in (("hide", True), ("show", False)):
        body = {"action": action, "_selected_action": [chat().pk]}
        assert admin_client.post(address, body).status_code == 302
        assert chat().hidden is hidden and rows.app_id() == chat().pk
        assert len(boards.board("week").apps) == (0 if hidden else 1)


def test_the_operator_takes_over_what_an_owner_hid(alice, admin_client):
    used(alice, 1, 50, app=CHAT)
    take()
    hiding.hide_for_owner(chat())
    address = reverse("admin:rankings_rankedapp_change", args=[chat().pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"hidden": "on"}).status_code == 302
    assert chat().hidden and not chat().hidden_by_owner
