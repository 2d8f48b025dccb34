"""Providers that are not there: nobody listens, no such name, a pooled connection gone stale."""

from __future__ import annotations

import json
import socketserver
import threading

import pytest
from gateway_process import free_port, unique
from wire_client import TURBO, chat, only, stream
from wire_records import LLAMA, charged

pytestmark = pytest.mark.database

CREDENTIAL = "sk-canary-0123456789abcdef0123456789"


class Forgetful(socketserver.BaseRequestHandler):
    """A provider that promises to keep the connection, answers once and hangs up on the second."""

    requests: list[bytes] = []

    def handle(self):
        self._answer()
        # Not closed yet: the gateway must pick it from its pool before it learns.
        self.request.recv(1)
        type(self).requests.append(b"stale")

    def _answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.request.recv(65_536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(body) < length:
            body += self.request.recv(65_536)
        type(self).requests.append(head)
        answer = json.dumps({
            "id": "x", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": "from the pool"}}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
        }).encode()  # fmt: skip
        self.request.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(answer), answer)
        )


@pytest.fixture(scope="module")
def forgetful():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forgetful) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def odd_gateway(new_gateway, forgetful):
    """Together's port is closed, Fireworks has no address, Lepton forgets; all have credentials."""
    gateway = new_gateway(
        TOGETHER_API_KEY=CREDENTIAL, FIREWORKS_API_KEY=CREDENTIAL, LEPTON_API_KEY=CREDENTIAL
    )
    addresses = {
        "together": f"http://127.0.0.1:{free_port()}/v1",
        "fireworks": "http://nobody.invalid/v1",
        "lepton": f"http://127.0.0.1:{forgetful}/v1",
    }
    for slug, address in addresses.items():
        gateway.sql("UPDATE catalog_provider SET base_url = %s WHERE slug = %s", address, slug)
    return gateway.start()


@pytest.fixture(scope="module")
def alice(odd_gateway):
    return odd_gateway.caller(credits="50")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("provider", ["Together", "Fireworks"])
def test_who_cannot_be_reached_is_replaced(odd_gateway, alice, provider, streamed):
    answer = (stream if streamed else chat)(
        odd_gateway, alice, f"{unique()} [[say: found]]", LLAMA, provider=only(provider, "OctoAI")
    )
    assert answer.status == 200 and answer.text == "found"
    answer = (stream if streamed else chat)(
        odd_gateway, alice, "hi", LLAMA, provider=only(provider)
    )
    assert answer.status == 502
    assert answer.error["metadata"]["provider_name"] == provider
    assert charged(odd_gateway, answer.id) == 0
    assert b"127.0.0.1" not in answer.body and b"nobody.invalid" not in answer.body


def test_a_stale_pooled_connection_is_no_failure_of_the_provider(odd_gateway, alice):
    """The provider closed it in the very moment we used it again: it is asked once more."""
    for _ in range(4):
        answer = chat(odd_gateway, alice, "hi", LLAMA, provider=only("Lepton"))
        assert answer.status == 200, answer.body
        assert answer.text == "from the pool"
    assert b"stale" in Forgetful.requests


def test_the_credential_goes_to_its_provider_and_nowhere_else(odd_gateway, alice):
    answer = chat(odd_gateway, alice, "hi", LLAMA, provider=only("Lepton"))
    heads = [head for head in Forgetful.requests if head != b"stale"]
    assert all(f"Bearer {CREDENTIAL}".encode() in head for head in heads)
    marker = unique()
    other = chat(odd_gateway, alice, f"{marker} [[say: x]]", TURBO)
    assert CREDENTIAL not in json.dumps(odd_gateway.upstream(marker))
    for text in (answer.body.decode(), other.body.decode(), odd_gateway.log()):
        assert "sk-canary" not in text
