"""Answers in the documentation have the shape of real ones: no field is invented."""

from __future__ import annotations

import json
import urllib.request

import pytest
from samples import marked

pytestmark = pytest.mark.database

MIXTRAL = "mistralai/mixtral-8x7b-instruct"
CHAIR = {"prompt": "a chair"}


@pytest.fixture(scope="module")
def call(gateway):
    caller = gateway.caller(credits="20")
    calls = iter(range(1000))

    def send(path, body=None, key=caller.key):
        request = urllib.request.Request(
            f"{gateway.url}/api/v1{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {key}", "Idempotency-Key": f"answer-{next(calls)}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    return send


def chat(call):
    messages = [{"role": "user", "content": "Hello"}]
    return call("/chat/completions", {"model": "openai/gpt-3.5-turbo", "messages": messages})


ANSWERS = {
    "chat": chat,
    "generation": lambda call: call(f"/generation?id={chat(call)['id']}")["data"],
    "model": lambda call: call(f"/model/{MIXTRAL}")["data"],
    "limited-model": lambda call: next(
        model for model in call("/models")["data"] if model["id"] == "openai/gpt-3.5-turbo"
    ),
    "key": lambda call: call("/key")["data"],
    "parameters": lambda call: call(f"/parameters/{MIXTRAL}")["data"],
    "objects": lambda call: call("/objects/generations", CHAIR),
    "checkout": lambda call: call("/credits/checkout", {"amount": 10})["data"],
}


def invented(documented, real, where=""):
    """Paths of what a real answer does not have, and of texts that are numbers there, and so on."""
    if isinstance(documented, dict) and isinstance(real, dict):
        for key, value in documented.items():
            if key not in real:
                yield f"{where}.{key}"
            else:
                yield from invented(value, real[key], f"{where}.{key}")
    elif isinstance(documented, list) and isinstance(real, list):
        for value in documented[:1] if real else ():
            yield from invented(value, real[0], f"{where}[0]")
    elif None not in (documented, real) and _kind(documented) is not _kind(real):
        yield f"{where}: {documented!r} and {real!r}"


def _kind(value):
    return float if type(value) is int else type(value)


@pytest.mark.parametrize(
    "sample", [pytest.param(sample, id=sample.id) for sample in marked("answer")]
)
def test_documented_answers_have_no_invented_field(sample, call):
    assert list(invented(json.loads(sample.text), ANSWERS[sample.name](call))) == []
