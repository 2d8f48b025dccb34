from __future__ import annotations

import re

import api_rows as rows
import pytest
from django.db import connection

from catalog import live

pytestmark = pytest.mark.django_db


def page(client, **headers):
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


SEEN = 5  # in three snippets, beside them, and what its button copies


def test_landing_shows_this_instance_in_every_snippet(client):
    html = page(client, host="models.lan:8080")
    assert html.count("http://models.lan:8080/api/v1") == SEEN
    assert "openrouter.ai" not in html


def test_landing_shows_the_public_address_in_production(client, settings):
    settings.PRODUCTION, settings.SITE_URL = True, "https://openrouter.example"
    html = page(client, host="10.0.0.7")
    assert html.count("https://openrouter.example/api/v1") == SEEN
    assert "10.0.0.7" not in html


def test_landing_shows_live_figures_and_hides_them_while_there_are_none(client):
    assert 'class="figures' not in page(client)
    live.forget()
    rows.small_catalog()
    figures = re.findall(r"<dt>([^<]+)</dt>\s*<dd>\s*(\d+)\s*</dd>", page(client))
    assert figures == [
        ("models", "4"), ("of them free", "1"), ("providers", "2"), ("priced endpoints", "4")
    ]  # fmt: skip


def test_landing_runs_only_what_is_ours(client):
    answer = client.get("/")
    html = answer.content.decode()
    policy = answer["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy).group(1)
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert f'<script type="importmap" nonce="{nonce}">' in html
    assert set(re.findall(r'<script[^>]* src="([^"]+)"', html)) == {
        "/static/vendor/htmx/htmx.min.js", "/static/js/boot.js",
    }  # fmt: skip
    assert not re.search(r'\s(style|on\w+)="', html)
    assert nonce not in client.get("/")["Content-Security-Policy"]


def test_landing_has_landmarks_and_one_heading(client):
    html = page(client)
    for landmark in ('<header class="top"', "<main", "<footer", '<html lang="en"', "<title>"):
        assert html.count(landmark) == 1
    assert html.count("<h1") == 1


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_pages_of_the_site_are_read_only(client, path):
    assert client.post(path).status_code == 405


def test_healthz_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_readyz_is_ready_with_a_database_and_models(client):
    rows.small_catalog()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_says_that_the_catalog_is_empty(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert set(answer.json()["reasons"]) == {"catalog"}
    assert "load_catalog" in answer.json()["reasons"]["catalog"]


@pytest.fixture
def broken_database():
    """Every statement fails, as during an outage."""
    from django.db import OperationalError

    def refuse(execute, sql, params, many, context):
        raise OperationalError("could not connect to server at 10.0.0.7")

    return connection.execute_wrapper(refuse)


def test_readyz_says_that_the_database_is_away_but_not_where(client, broken_database):
    with broken_database:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"]["database"] == "does not answer"
    assert "10.0.0.7" not in answer.content.decode()


def test_landing_and_healthz_survive_an_outage_of_the_database(client, broken_database):
    with broken_database:
        assert client.get("/").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_what_is_in_memory_is_served_during_an_outage(client, broken_database):
    rows.small_catalog()
    client.get("/api/v1/models")
    with broken_database:
        assert client.get("/api/v1/models").json()["total_count"] == 4
        key = client.get("/api/v1/models", headers=rows.bearer("junk"))
        assert key.status_code == 200
