from __future__ import annotations

import re

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.urls import include, path

from pages import errors


def broken(request):
    raise RuntimeError("secret of the house")


def forbidden(request):
    raise PermissionDenied


def suspicious(request):
    raise SuspiciousOperation("looks bad")


urlpatterns = [
    path("broken", broken),
    path("forbidden", forbidden),
    path("suspicious", suspicious),
    path("", include("openrouter_site.urls")),
]
handler400 = "openrouter_site.views.bad_request"
handler403 = "openrouter_site.views.forbidden"
handler404 = "openrouter_site.views.not_found"
handler500 = "openrouter_site.views.server_error"
pytestmark = pytest.mark.urls(__name__)


@pytest.mark.parametrize(
    ("address", "code", "title"),
    [
        ("/suspicious", 400, "Bad request"),
        ("/forbidden", 403, "Not allowed"),
        ("/nothing", 404, "Page not found"),
    ],
)
def test_error_page_in_the_design(client, address, code, title):
    answer = client.get(address)
    html = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (code, "no-store")
    assert f"<h1>{title}</h1>" in html and "css/app.css" in html
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_server_error_needs_nothing_and_tells_an_id_but_no_reason(client):
    client.raise_request_exception = False
    client.cookies["theme"] = "dark"
    answer = client.get("/broken")
    html = answer.content.decode()
    assert answer.status_code == 500
    assert re.search(r"Request req-[0-9a-f]{24}", html)
    assert "secret" not in html and "/static/" not in html
    assert 'data-theme="dark"' in html
    nonce = re.search(r"style-src 'nonce-([^']+)'", answer["Content-Security-Policy"]).group(1)
    assert f'<style nonce="{nonce}">' in html


@pytest.fixture
def outage():
    def refuse(execute, sql, params, many, context):
        raise OperationalError("gone")

    return connection.execute_wrapper(refuse)


@pytest.mark.django_db
def test_error_pages_survive_an_outage_even_with_a_session(client, outage, django_user_model):
    client.force_login(django_user_model.objects.create_user("alice@example.com"))
    with outage:
        answer = client.get("/nothing")
    assert answer.status_code == 404 and "Page not found" in answer.content.decode()


def test_a_page_that_fails_is_replaced_by_a_bare_one(rf, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = "/nonexistent"
    answer = errors.page(rf.get("/"), 404)
    html = answer.content.decode()
    assert answer.status_code == 404
    assert "Page not found" in html and "/static/" not in html


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500, 503])
def test_every_code_has_its_words(rf, code):
    answer = errors.page(rf.get("/"), code, advice="Wait until noon.")
    assert answer.status_code == code and "Wait until noon." in answer.content.decode()


def test_the_api_answers_in_its_own_shape(client):
    answer = client.get("/api/v1/nothing")
    assert answer.json()["error"]["code"] == 404
