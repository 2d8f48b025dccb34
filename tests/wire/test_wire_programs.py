"""Programs that nobody changed for us: Node's official client, the seed's own snippets, curl."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path

import pytest
from gateway_process import unique
from wire_client import (
    TURBO,
    user,
)
from wire_records import (
    check_abort,
    generation_row,
)

pytestmark = pytest.mark.database

CLIENTS = Path(__file__).parent.parent / "clients"


def run(command, gateway, caller, **environment):
    done = subprocess.run(
        command, cwd=CLIENTS, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"),
             "GATEWAY_URL": gateway.url, "OPENROUTER_API_KEY": caller.key, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_node_client(gateway, tool, unavailable):
    node = tool("node")
    if not (CLIENTS / "node_modules" / "openai").is_dir():
        unavailable("tests/clients/node_modules (npm ci in tests/clients)")
    caller, marker = gateway.caller(credits="0.2"), unique()
    lines = run([node, "openai_client.mjs"], gateway, caller, MARKER=marker).splitlines()
    happened = [json.loads(line) for line in lines]
    told = {each["what"]: each["value"] for each in happened}
    completion = told["completion"]
    assert completion["choices"][0]["message"]["content"] == "This is a test"
    row = generation_row(gateway, completion["id"])
    assert (row["app_referer"], row["app_title"]) == ("https://app.example/", "Bob's App")
    assert told["stream"]["text"] == "This is a stream"
    assert told["stream"]["usage"]["completion_tokens"] == 4
    (call,) = told["tools"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
    assert told["aborted"] >= 5
    check_abort(gateway, caller, marker, 4)
    names = {status: (told[status]["name"], told[status]["status"]) for status in ("401", "400")}
    assert names == {"401": ("AuthenticationError", 401), "400": ("BadRequestError", 400)}
    assert told["402"]["status"] == told["402"]["code"] == 402
    assert (told["429"]["name"], told["429"]["retry_after"]) == ("RateLimitError", "3")
    assert (told["502"]["name"], told["502"]["status"]) == ("InternalServerError", 502)
    assert told["broken"] == "APIError"
    assert any(each["what"] == "before" for each in happened)


def test_the_fetch_snippets_of_the_seed(gateway, alice, tool):
    told = json.loads(run([tool("node"), "seed_snippets.mjs"], gateway, alice))
    *answers, generation, key, models, _ = told["answers"]
    assert [answer["status"] for answer in told["answers"][:-1]] == [200] * 11
    for answer in answers:
        body = answer["body"]
        assert body["id"].startswith("gen-")
        assert body["choices"][0]["message"]["role"] == "assistant"
        assert body["usage"]["total_tokens"] > 0
    assert answers[1]["body"]["provider"] == "Together"
    assert generation["body"]["data"]["origin"] == "https://app.example/"
    assert set(key["body"]["data"]) >= {"label", "usage", "limit", "is_free_tier", "rate_limit"}
    limits = [model["per_request_limits"] for model in models["body"]["data"]]
    assert any(limit and limit["completion_tokens"] > 0 for limit in limits)
    assert told["status"] == 400 and told["message"]


def test_the_python_snippet_of_the_seed_on_the_wire(gateway, alice):
    """`openai.ChatCompletion.create` of the library's 0.28: what it posted, header by header."""
    body = {"model": TURBO, "messages": user("[[say: From 2023]]")}
    headers = {
        "User-Agent": "OpenAI/v1 PythonBindings/0.28.1", "Content-Type": "application/json",
        "Authorization": f"Bearer {alice.key}", "HTTP-Referer": "https://app.example/",
        "X-Title": "Bob's App", "X-OpenAI-Client-User-Agent": '{"lang": "python"}',
    }  # fmt: skip
    url = f"{gateway.url}/api/v1/chat/completions"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        document = json.load(response)
    assert document["choices"][0]["message"]["content"] == "From 2023"


def test_curl(gateway, alice, tool):
    url = f"{gateway.url}/api/v1/chat/completions"
    body = json.dumps({"model": TURBO, "stream": True, "messages": user("[[say: Hello]]")})
    head = ["-H", f"Authorization: Bearer {alice.key}", "-H", "Content-Type: application/json"]
    out = run([tool("curl"), "-sN", url, *head, "-d", body], gateway, alice)
    assert out.startswith("data: {") and out.endswith("data: [DONE]\n\n")
    out = run([tool("curl"), "-s", "--compressed", url, *head, "-d", "{}"], gateway, alice)
    assert json.loads(out)["error"]["code"] == 400
