from __future__ import annotations

import api_rows as rows
import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import path
from rest_framework.decorators import api_view

from openrouter_site.urls import urlpatterns as site_urls

pytestmark = pytest.mark.django_db


# --- Paths and methods -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head"])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/no-such", "/api/v1/", "/api/v1", "/api/", "/api", "/api/v2/models",
     "/api/v1/models/", "/api/v1/models/a/b/c/endpoints", "/api/v1/../../admin"],
)  # fmt: skip
def test_an_unknown_path_is_404_by_any_method(path, method):
    client = Client(enforce_csrf_checks=True)
    answer = getattr(client, method)(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"
    if method != "head":
        assert rows.error_of(answer, 404) == {"code": 404, "message": "Not Found"}


@override_settings(DEBUG=True)
def test_an_unknown_path_is_json_with_debug_too(client):
    rows.error_of(client.get("/api/v1/no-such"), 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/providers", "/api/v1/models/count"])
def test_a_wrong_method_is_405_and_says_which_are_right(path, method):
    client = Client(enforce_csrf_checks=True)
    answer = getattr(client, method)(path, b"{", content_type="text/xml")
    assert rows.error_of(answer, 405)["message"] == "Method not allowed. Use GET or HEAD."
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_a_wrong_method_is_405_with_a_key_too(client):
    _, _, headers = rows.key_of(rows.person())
    answer = client.post("/api/v1/key", headers=headers)
    assert rows.error_of(answer, 405)
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_head_is_get_without_a_body(client):
    answer = client.head("/api/v1/models")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml;q=0.9", "junk", "", "image/*;q=x"]
)
def test_whatever_is_accepted_the_answer_is_json(client, accept):
    answer = client.get("/api/v1/models?format=api", headers={"accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}'])
def test_the_body_of_a_get_is_ignored(client, body):
    answer = client.generic("GET", "/api/v1/models", body, content_type="application/json")
    assert answer.status_code == 200


@override_settings(ALLOWED_HOSTS=["openrouter.example"])
def test_a_foreign_host_is_400_in_the_shape_of_the_api(client):
    rows.error_of(client.get("/api/v1/models", headers={"host": "evil.example"}), 400)


# --- Preflight ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api/v1/models", "/api/v1/key", "/api/v1/auth/keys", "/api/v1/no-such"]
)
def test_a_preflight_is_204_for_anyone_but_without_credentials(
    client, path, django_assert_num_queries
):
    with django_assert_num_queries(0):
        answer = client.options(
            path,
            headers={
                "origin": "https://app.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization,content-type",
            },
        )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Content-Type" not in answer
    assert answer["Access-Control-Allow-Methods"] == "GET,OPTIONS,PATCH,DELETE,POST,PUT"
    assert answer["Vary"] == "Access-Control-Request-Headers"


@pytest.mark.parametrize(
    "header",
    ["Authorization", "Content-Type", "HTTP-Referer", "X-Title", "X-OpenRouter-Metadata",
     "X-Openrouter-Title", "X-Stainless-Lang", "Idempotency-Key", "X-Session-Id"],
)  # fmt: skip
def test_pages_may_send_the_headers_that_clients_send(client, header):
    allowed = client.options("/api/v1/models")["Access-Control-Allow-Headers"]
    assert header.lower() in allowed.lower().split(",")


def test_pages_may_read_when_to_try_again(client):
    answer = client.get("/api/v1/models")
    assert "Retry-After" in answer["Access-Control-Expose-Headers"].split(",")


def test_pages_beside_the_api_are_not_shared_with_other_origins(client):
    assert "Access-Control-Allow-Origin" not in client.get("/healthz")
    assert client.options("/healthz").status_code == 405


# --- What nobody foresaw -----------------------------------------------------------------------


@api_view(["GET"])
def broken(request):
    raise ValueError("a secret: sk-or-v1-0123")


@api_view(["GET"])
def outage(request):
    raise OperationalError("could not connect to postgresql://user:password@db")


def broken_page(request):
    raise ValueError("a secret: sk-or-v1-0123")


urlpatterns = [
    path("api/v1/broken", broken),
    path("api/v1/outage", outage),
    path("api/v1/broken-page", broken_page),
    path("broken-page", broken_page),
    *site_urls,
]
handler400 = "openrouter_site.views.bad_request"
handler404 = "openrouter_site.views.not_found"
handler500 = "openrouter_site.views.server_error"


@pytest.fixture
def breaking_client(settings):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("debug", [False, True])
def test_the_500_of_a_view_is_logged_under_its_request_id(breaking_client, settings, caplog, debug):
    settings.DEBUG = debug
    _, key, headers = rows.key_of(rows.person())
    answer = breaking_client.get("/api/v1/broken?key=hidden", headers=headers)
    error = rows.error_of(answer, 500)
    assert error["message"] == "Internal server error"
    assert set(error["metadata"]) == {"request_id"}
    assert error["metadata"]["request_id"] in caplog.text
    assert "ValueError" in caplog.text
    assert "hidden" not in caplog.text and key not in caplog.text


def test_the_500_of_anything_else_under_api_has_the_same_shape(breaking_client, caplog):
    error = rows.error_of(breaking_client.get("/api/v1/broken-page"), 500)
    assert error["metadata"]["request_id"] in caplog.text


def test_an_outage_of_the_database_is_503_and_says_when_to_try_again(breaking_client):
    _, _, headers = rows.key_of(rows.person())
    answer = breaking_client.get("/api/v1/outage", headers=headers)
    error = rows.error_of(answer, 503)
    assert int(answer["Retry-After"]) > 0
    assert "password" not in error["message"]


def test_an_error_page_beside_the_api_is_html_without_details(breaking_client):
    answer = breaking_client.get("/broken-page")
    assert answer.status_code == 500
    assert answer["Content-Type"].startswith("text/html")
    assert b"req-" in answer.content and b"secret" not in answer.content
    missing = breaking_client.get("/no-such-page")
    assert missing.status_code == 404
    assert b"Page not found" in missing.content
