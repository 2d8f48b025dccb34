"""The whole way of an app's user: link, consent, loopback, exchange, a paid request, Revoke."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest
from gateway_process import ROOT, Caller
from test_wire_pkce import exchange, keys_of, pair
from wire_client import bearer, chat, get, request
from wire_visitor import Visitor, agree

pytestmark = pytest.mark.database
DEMO = ROOT / "examples" / "pkce-demo" / "app.py"


class _Callback(BaseHTTPRequestHandler):
    """As aider's: whatever comes to its path has the code."""

    def do_GET(self):
        address = urlsplit(self.path)
        self.server.seen.append((address.path, parse_qs(address.query), dict(self.headers)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    """A program that waits on the first free port from 8484 on."""
    for port in range(8484, 8585):
        try:
            server = HTTPServer(("localhost", port), _Callback)
            break
        except OSError:
            continue
    server.seen = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def link(callback_url, challenge, **fields):
    asked = {"callback_url": callback_url, "code_challenge": challenge}
    return f"/auth?{urlencode({**asked, 'code_challenge_method': 'S256', **fields})}"


def test_login_of_a_terminal_program(gateway, alice, listener):
    verifier, challenge = pair()
    callback_url = f"http://localhost:{listener.server_port}/callback/aider"
    path = link(callback_url, challenge)
    stranger = Visitor(gateway)
    assert stranger.get(path).status == 302
    visitor = Visitor(gateway, alice)
    location = agree(visitor, path, limit="1")
    assert location.startswith(f"{callback_url}?code=")
    with urlopen(location):
        ((where, query, headers),) = listener.seen
    assert where == "/callback/aider"
    assert set(query) == {"code"}
    assert "Referer" not in headers
    made = exchange(gateway, query["code"][0], verifier, code_challenge_method="S256")
    assert made.status == 200
    app = Caller(made.json["key"], 0, alice.user_id)
    assert get(gateway, app, "/auth/key")["limit"] == 1
    assert chat(gateway, app, "[[say: hi]]").status == 200
    # And the end of it.
    origin = f"http://localhost:{listener.server_port}"
    page = visitor.get("/settings/apps")
    assert origin.partition("//")[2] in page.body.decode()
    (row,) = keys_of(gateway, alice, origin)
    revoke = f"/settings/apps/keys/{row['id']}/revoke"
    assert visitor.post(revoke).status == 403  # not without the page's token
    token = visitor.cookies["csrftoken"]
    assert visitor.post(revoke, csrfmiddlewaretoken=token).status == 302
    assert chat(gateway, app, "[[say: hi]]").status == 401
    assert request(gateway, "GET", "/api/v1/key", headers=bearer(app)).status == 401


def test_python_demo_signs_its_user_in_and_asks_a_model(gateway, alice):
    environment = {**os.environ, "SITE": gateway.url, "BROWSER": "true"}
    with subprocess.Popen(
        [sys.executable, DEMO], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as demo:  # fmt: skip
        try:
            assert demo.stdout.readline().startswith("Open this link")
            address = demo.stdout.readline().strip()
            assert address.startswith(f"{gateway.url}/auth?")
            location = agree(Visitor(gateway, alice), address.removeprefix(gateway.url), limit="1")
            # An answer that it did not ask for is passed over.
            with urlopen(location.replace("state=", "state=not")):
                pass
            with urlopen(location) as page:
                assert page.read() == b"You can close this window."
            said, errors = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert (demo.returncode, errors) == (0, "")
    assert said.strip()
    code = parse_qs(urlsplit(location).query)["code"][0]
    assert code not in said
    assert exchange(gateway, code).error["metadata"] == {"reason": "used_code"}


def test_python_demo_whose_user_does_not_agree(gateway, alice):
    environment = {**os.environ, "SITE": gateway.url, "BROWSER": "true"}
    with subprocess.Popen(
        [sys.executable, DEMO], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as demo:  # fmt: skip
        try:
            demo.stdout.readline()
            address = demo.stdout.readline().strip()
            visitor = Visitor(gateway, alice)
            answer = visitor.submit(address.removeprefix(gateway.url), cancel="")
            with urlopen(answer.headers["location"]):
                pass
            _, errors = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert demo.returncode == 1
    assert "access_denied" in errors


def test_neither_request_nor_code_is_logged(gateway, alice):
    verifier, challenge = pair()
    location = agree(Visitor(gateway, alice), link("https://log.example/cb", challenge, state="s9"))
    code = parse_qs(urlsplit(location).query)["code"][0]
    assert exchange(gateway, code, verifier).status == 200
    for secret in (code, verifier, challenge, "log.example"):
        assert secret not in gateway.log()


def test_bad_callback_leaks_nothing(gateway, alice):
    visitor = Visitor(gateway, alice)
    _, challenge = pair()
    for url in ("http://evil.example/cb", "javascript:alert(1)", "https://a@evil.example/"):
        page = visitor.get(link(url, challenge))
        assert page.status == 400
        assert "location" not in page.headers
        token = visitor.cookies.get("csrftoken", "x")
        assert visitor.post(link(url, challenge), csrfmiddlewaretoken=token).status in (400, 403)
