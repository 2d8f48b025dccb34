"""Probes: what a provider's answer means, on the wire of loopback."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time

import pytest
from gateway_process import free_port
from routing_builders import endpoint, provider

from catalog import live
from catalog.credentials import ProviderCredential
from catalog.models import Endpoint, Model, Provider
from routing import probes
from routing.keyring import NO_CREDENTIAL
from routing.models import ProviderProbe

SOON = (1.0, 0.5)


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append(
            (self.command, self.path, dict(self.headers), self.rfile.read(length))
        )
        if self.server.hangs:
            time.sleep(1)
            return
        refused = self.server.good not in (None, self.headers["Authorization"])
        self.send_response(401 if refused else self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(status=200, body=b"{}", headers=(), hangs=False):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.body, server.headers, server.hangs = status, body, dict(headers), hangs
    server.seen, server.daemon_threads, server.good = [], True, None
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def credential(secret, number=1):
    return ProviderCredential(f"together:{number}", f"key {number}", "stored", secret)


def asked(server, timeout_s=(1.0, 5.0), credentials=(NO_CREDENTIAL,), **fields):
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    one = provider("Together", **({"served_at": address, "models_path": "/models"} | fields))
    return probes.probe(endpoint(1, one), credentials, timeout_s)


@pytest.mark.parametrize(
    ("status", "ok"),
    [(200, True), (404, True), (405, True), (429, True), (400, True),
     (401, False), (402, False), (403, False), (301, False), (500, False), (503, False)],
)  # fmt: skip
def test_what_an_answer_means(status, ok):
    with serving(status, headers=[("Location", "http://127.0.0.1:1/")]) as server:
        found = asked(server)
    assert (found.ok, found.status) == (ok, status)
    assert bool(found.error) != ok
    assert len(server.seen) == 1, "a redirect is not followed"


def test_the_call_is_the_list_of_models_with_the_credential():
    with serving() as server:
        asked(server, credentials=[credential("secret")], extra_headers={"X-Region": "eu"})
    ((method, path, headers, body),) = server.seen
    assert (method, path, body) == ("GET", "/v1/models", b"")
    assert headers["Authorization"] == "Bearer secret" and headers["X-Region"] == "eu"


def test_whoever_has_no_list_is_asked_for_one_token():
    with serving() as server:
        asked(server, models_path=None)
    ((method, path, _, body),) = server.seen
    assert (method, path) == ("POST", "/v1/chat/completions")
    assert b'"max_tokens":1' in body and b'"model":"llama-3-8b"' in body


def test_silence_is_down():
    with serving(hangs=True) as server:
        found = asked(server, SOON)
    assert (found.ok, found.status, found.error) == (False, 0, "ReadTimeout")


def test_nobody_there_is_down():
    one = provider("Together", served_at=f"http://127.0.0.1:{free_port()}", models_path="/models")
    found = probes.probe(endpoint(1, one), [NO_CREDENTIAL], SOON)
    assert (found.ok, found.error) == (False, "ConnectionError")


def test_an_address_that_is_none_is_down():
    one = provider("Together", served_at="nonsense://[", models_path="/models")
    assert not probes.probe(endpoint(1, one), [NO_CREDENTIAL], SOON).ok


def test_no_credential_is_written_down():
    words = b'{"error": "Incorrect API key sk-proj-abcdefghijklmnop123456"}' + b"x" * 10_000
    with serving(401, words) as server:
        found = asked(server)
    assert "abcdefgh" not in found.error and "Incorrect" in found.error
    assert len(found.error) <= 200


def test_a_secret_of_any_shape_is_hidden():
    secret = "0123456789abcdef0123456789abcdef"
    with serving(401, f"no such key: {secret}".encode()) as server:
        found = asked(server, credentials=[credential(secret)])
    assert found.error == "no such key: ***"


@pytest.mark.parametrize(
    ("dialect", "ok"), [("google-gemini", False), ("openai", True), ("unheard of", True)]
)
def test_whoever_refuses_a_key_with_400_is_understood(dialect, ok):
    """As the Gemini API answers an API key that it does not know."""
    error = {
        "code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
        "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
    }  # fmt: skip
    with serving(400, json.dumps({"error": error}).encode()) as server:
        found = asked(server, dialect=dialect)
    assert (found.ok, found.status) == (ok, 400 if ok else 401)


def test_the_next_credential_is_tried_when_one_is_refused():
    with serving() as server:
        server.good = "Bearer second"
        found = asked(server, credentials=[credential("first"), credential("second", 2)])
        assert found.ok
        server.good = "Bearer third"
        found = asked(server, credentials=[credential("first"), credential("second", 2)])
        assert (found.ok, found.status) == (False, 401)
    assert len(server.seen) == 4


# --- All of them, and the rows -------------------------------------------------------------------


@pytest.fixture
def no_catalog_of_another_test():
    live.forget()
    yield
    live.forget()


def add(slug, port, **fields):
    row = Provider.objects.create(
        slug=slug, name=slug.title(), base_url=f"http://127.0.0.1:{port}", models_path="/models",
        chat_path="/chat/completions", **fields,
    )  # fmt: skip
    model = Model.objects.get_or_create(slug="rome/model", defaults={"name": "Rome"})[0]
    Endpoint.objects.create(
        model=model, provider=row, upstream_model="m", price_prompt_pico=1,
        price_completion_pico=1, context_length=100,
    )  # fmt: skip


@pytest.mark.django_db
def test_all_are_asked_and_each_has_a_row(no_catalog_of_another_test, caplog):
    caplog.set_level("INFO", "routing.probes")
    ProviderProbe.objects.create(provider_slug="gone", checked_at="2024-01-01T00:00Z", ok=True)
    with serving() as good, serving(503, b"too busy") as bad:
        add("good", good.server_address[1])
        add("bad", bad.server_address[1])
        add("off", free_port(), enabled=False)
        probes.probe_all(SOON)
        first = {row.provider_slug: (row.ok, row.status) for row in ProviderProbe.objects.all()}
        assert first == {"good": (True, 200), "bad": (False, 503)}
        assert ProviderProbe.objects.get(provider_slug="bad").error == "too busy"
        # A change is told once, not each time.
        probes.probe_all(SOON)
        assert caplog.text.count("bad fails its probes: too busy") == 1
        bad.status = 200
        probes.probe_all(SOON)
        assert caplog.text.count("bad answers its probes again") == 1
    assert set(ProviderProbe.objects.values_list("ok", flat=True)) == {True}
