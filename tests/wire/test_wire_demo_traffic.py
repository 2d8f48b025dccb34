"""manage.py demo_traffic against a running server: what it writes is what was asked."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from gateway_process import free_port


class RealProvider(http.server.BaseHTTPRequestHandler):
    """Answers whatever it is asked, as one that knows nothing of a simulator."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        body = json.dumps(
            {
                "id": "x", "object": "chat.completion", "created": 1, "model": asked["model"],
                "choices": [
                    {"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": "Hi"}}
                ],
                "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
            }
        ).encode()  # fmt: skip
        if asked.get("stream"):
            body = _streamed(json.loads(body))
        self.send_response(200)
        kind = "text/event-stream" if asked.get("stream") else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def _streamed(answer):
    choice = answer["choices"][0]
    choice["delta"] = choice.pop("message")
    return f"data: {json.dumps(answer)}\n\ndata: [DONE]\n\n".encode()


@pytest.fixture(scope="module")
def real_provider():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RealProvider)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(new_gateway, real_provider):
    """OpenAI has a credential here, so it is asked at its own address; the rest is simulated."""
    gateway = new_gateway(OPENAI_API_KEY="sk-of-a-test", MODERATION="embedded")
    gateway.sql(
        "UPDATE catalog_provider SET base_url = %s WHERE slug = 'openai'",
        f"http://127.0.0.1:{real_provider.server_port}/v1",
    )
    return gateway.start()


def command(site, *arguments):
    return site.desk("command", name="demo_traffic", arguments=arguments)


def test_demo_traffic_is_asked_answered_and_paid(site, real_provider):
    real_provider.asked.clear()
    done = command(site, "--requests", "40")
    assert done["status"] == 0 and "40 requests sent" in done["output"], done["output"]
    site.verify()
    rows = site.sql(
        "SELECT key_id, model, app_referer, app_title, cost_nano FROM billing_generation"
        " WHERE app_referer <> ''"
    )
    assert len({row["model"] for row in rows}) > 3 and len({row["key_id"] for row in rows}) == 3
    assert len({row["app_referer"] for row in rows}) > 3
    assert sum(row["cost_nano"] for row in rows) > 0
    assert [row for row in rows if row["model"].startswith("openai/")] == []
    assert [asked["max_tokens"] for asked in real_provider.asked] == [1]


def test_its_keys_are_made_once(site):
    def keys():
        return site.sql("SELECT id FROM accounts_apikey WHERE deleted_at IS NULL")

    command(site, "--requests", "1")
    before = keys()
    assert command(site, "--requests", "1", "--seed", "2")["status"] == 0
    assert keys() == before


def test_without_a_server_it_says_what_to_do(site):
    done = command(site, "--url", f"http://127.0.0.1:{free_port()}")
    assert done["status"] == 1 and "start the server" in done["output"]


def test_another_ones_server_is_told_apart(site, gateway):
    done = command(site, "--url", gateway.url)
    assert done["status"] == 1 and "does not know our key" in done["output"]


def test_there_is_none_in_production(new_gateway):
    site = new_gateway(PRODUCTION="1", SITE_URL="https://x.example", SECRET_KEY="x" * 60,
                       UNCONFIGURED_PROVIDER_URL="")  # fmt: skip
    done = command(site)
    assert done["status"] == 1 and "production" in done["output"]
