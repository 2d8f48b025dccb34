"""The first operator: one, by the link that was printed, and then the page is gone."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from sign_in_calls import PASSWORD, SIGN_UP, is_signed_in, operator, person, sign_up

from accounts import setup
from accounts.models import SetupToken, User

pytestmark = pytest.mark.django_db


def new_path():
    parts = urlsplit(setup.new_link())
    return f"{parts.path}?{parts.query}"


def form(path, email="operator@example.com", password=PASSWORD):
    return {"token": path.partition("token=")[2], "email": email, "password": password}


def test_link_makes_an_operator_who_is_signed_in_and_then_the_page_is_gone(client):
    path = new_path()
    assert client.get(path).status_code == 200
    answer = client.post("/setup", form(path))
    assert answer["Location"] == "/"
    user = User.objects.get()
    assert user.is_staff and user.is_superuser and user.check_password(PASSWORD)
    assert is_signed_in(client)
    assert client.get(path).status_code == client.post("/setup", form(path)).status_code == 404
    assert client.get("/setup").status_code == 404
    assert setup.new_link() is None


def test_token_is_kept_as_a_hash_and_the_page_in_no_cache(client):
    path = new_path()
    token = path.partition("token=")[2]
    assert token not in str(list(SetupToken.objects.values()))
    answer = client.get(path)
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%00%ff"])
def test_wrong_token_opens_nothing_and_says_where_the_right_one_is(client, query):
    setup.new_link()
    answer = client.get(f"/setup{query}")
    assert answer.status_code == 403
    assert "setup_link" in answer.content.decode()
    wrong = {"token": "wrong", "email": "eve@example.com", "password": PASSWORD}
    assert client.post("/setup", wrong).status_code == 403
    assert not User.objects.exists()


def test_new_link_voids_the_one_before(client):
    old = new_path()
    assert client.get(new_path()).status_code == 200
    assert client.get(old).status_code == 403


def test_nobody_signs_up_before_there_is_an_operator(client):
    assert sign_up(client).status_code == 200
    assert not User.objects.exists()
    assert "setup_link" in client.get(SIGN_UP).content.decode()
    operator()
    assert sign_up(client).status_code == 302


def test_demo_account_operates_nothing_outside_production(settings):
    User.objects.create_superuser(setup.DEMO_EMAIL, PASSWORD)
    assert setup.is_needed()
    settings.PRODUCTION = True
    assert not setup.is_needed()


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [("nonsense", PASSWORD, "email"), ("a@example.com", "password", "password"),
     ("alice@example.com", PASSWORD, "email"), ("", "", "email")],
)  # fmt: skip
def test_what_cannot_be_is_said_and_the_link_still_works(client, email, password, field):
    person("alice")
    path = new_path()
    answer = client.post("/setup", form(path, email, password))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert client.post("/setup", form(path)).status_code == 302


def test_command_prints_a_link_while_there_is_no_operator(capsys):
    call_command("setup_link")
    assert "/setup?token=" in capsys.readouterr().out
    operator()
    with pytest.raises(CommandError, match="has an operator"):
        call_command("setup_link")


@pytest.mark.django_db(transaction=True)
def test_two_with_the_link_in_one_moment_make_one_operator():
    path = new_path()
    answers, gate = [], threading.Barrier(4)

    def run(number):
        client = Client()
        gate.wait()
        answers.append(client.post("/setup", form(path, f"user{number}@example.com")).status_code)
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(is_superuser=True).count() == User.objects.count() == 1
    assert sorted(answers)[0] == 302
    # Late ones meet a page that is gone, or a link that was used.
    assert set(answers) - {302} <= {403, 404} and answers.count(302) == 1
