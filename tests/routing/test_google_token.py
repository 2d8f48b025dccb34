"""Tokens of service accounts, from the simulator's OAuth endpoint and from one we script."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simulator_process import Simulator, start, stop

from routing.connection import ConnectionLost
from routing.google_token import GoogleTokens, TokenRefused


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    """A simulator that demands one token, and gives it out."""
    log_path = tmp_path_factory.mktemp("google") / "log.jsonl"
    process, port = start("--log", str(log_path), SIMULATOR_KEYS="google=ya29.the-only-one")
    yield Simulator(port, log_path)
    assert stop(process) == ""


@pytest.fixture
def account(private_key):
    """The JSON of a service account whose tokens come from this address."""

    def make(token_uri, **fields):
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "a-project",
                "private_key_id": "1",
                "private_key": private_key,
                "client_email": "alice@a-project.example.com",
                "token_uri": token_uri,
            }
            | fields
        )

    return make


@pytest.fixture
def oauth():
    """An OAuth endpoint: `answers` are given one after the other, the last one for ever."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            answers = self.server.answers
            status, document = answers.pop(0) if len(answers) > 1 else answers[0]
            self.server.count += 1
            raw = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.count, server.answers = 0, []
    server.uri = f"http://127.0.0.1:{server.server_port}/token"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def token(value, lifetime_s):
    return 200, {"access_token": value, "expires_in": lifetime_s, "token_type": "Bearer"}


INVALID = (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})


def test_the_simulator_takes_the_token_it_gave_and_no_other(run, google, account, tmp_path):
    uri = f"http://127.0.0.1:{google.port}/google/token"
    path = tmp_path / "account.json"
    path.write_text(account(uri))
    value = run(GoogleTokens().get(str(path)))
    assert value == run(GoogleTokens().get(account(uri))) == "ya29.the-only-one"
    body = {"contents": [{"role": "user", "parts": [{"text": "hi [[simulate ttft_ms=0 tps=0]]"}]}]}
    call = "/google/v1/publishers/google/models/gemini-1.5-pro:generateContent"
    for given, status in ((value, 200), ("ya29.another", 401)):
        headers = {"authorization": f"Bearer {given}"}
        assert google.request("POST", call, body, headers)[0] == status


def test_one_exchange_serves_everybody_for_an_hour(run, oauth, account):
    oauth.answers = [token("one", 3599)]

    async def ask():
        tokens = GoogleTokens()
        credential = account(oauth.uri)
        found = await asyncio.gather(*(tokens.get(credential) for _ in range(10)))
        return {*found, await tokens.get(credential)}

    assert run(ask()) == {"one"}
    assert oauth.count == 1


def test_each_account_has_its_own(run, oauth, account):
    oauth.answers = [token("one", 3599), token("two", 3599)]

    async def ask():
        tokens = GoogleTokens()
        credentials = account(oauth.uri), account(oauth.uri, project_id="another")
        return [await tokens.get(each) for each in credentials * 2]

    assert run(ask()) == ["one", "two", "one", "two"]


def test_a_token_is_renewed_before_it_ends(run, oauth, account):
    oauth.answers = [token("one", 200), token("two", 3599)]

    async def ask():
        tokens = GoogleTokens()
        return [await tokens.get(account(oauth.uri)) for _ in range(3)]

    assert run(ask()) == ["one", "two", "two"]


def test_while_google_is_away_a_token_is_used_to_its_end(run, oauth, account):
    oauth.answers = [token("one", 200), INVALID]

    async def ask():
        tokens = GoogleTokens()
        return [await tokens.get(account(oauth.uri)) for _ in range(3)]

    assert run(ask()) == ["one"] * 3


def test_one_who_gives_up_takes_nothing_from_the_others(run, oauth, account):
    oauth.answers = [token("one", 3599)]

    async def ask():
        tokens = GoogleTokens()
        first = asyncio.create_task(tokens.get(account(oauth.uri)))
        second = asyncio.create_task(tokens.get(account(oauth.uri)))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert run(ask()) == "one"
    assert oauth.count == 1


def refusal(run, credential, kind=TokenRefused):
    with pytest.raises(ConnectionLost) as caught:
        run(GoogleTokens().get(credential))
    assert type(caught.value) is kind
    assert caught.value.untouched
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    return str(caught.value)


def test_a_refusal_says_why_and_nothing_else(run, oauth, account):
    oauth.answers = [INVALID]
    assert refusal(run, account(oauth.uri)) == "no token from Google: invalid_grant"
    oauth.answers = [(400, {"error": "secret words", "error_description": "PRIVATE"})]
    assert refusal(run, account(oauth.uri), ConnectionLost) == "no token from Google: RefreshError"


def test_google_is_not_reached(run, account):
    credential = account("http://127.0.0.1:9/token")
    assert refusal(run, credential, ConnectionLost) == "no token from Google: TransportError"


@pytest.mark.parametrize(
    "credential", ["", "/nowhere/account.json", "{", "{}", '{"private_key": "PRIVATE"}', "a\0b"]
)
def test_what_is_no_account(run, credential):
    assert refusal(run, credential) == "the Google service account cannot be read"


def test_a_key_that_is_none(run, account):
    credential = account("http://127.0.0.1:9/token", private_key="PRIVATE")
    assert refusal(run, credential) == "the Google service account cannot be read"


def test_a_new_one_may_be_had_after_a_failure(run, oauth, account):
    oauth.answers = [INVALID, token("one", 3599)]

    async def ask():
        tokens = GoogleTokens()
        with pytest.raises(ConnectionLost):
            await tokens.get(account(oauth.uri))
        return await tokens.get(account(oauth.uri))

    assert run(ask()) == "one"
