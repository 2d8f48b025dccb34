"""JSON that means nothing (design/hardening.md section 4, rows 20 to 34): 400 with the field."""

from __future__ import annotations

import json

import pytest
from wire_client import (
    CHAT,
    TURBO,
    bearer,
    chat,
    request,
    user,
)
from wire_records import (
    LLAMA,
)

pytestmark = pytest.mark.database

MIB = 1024 * 1024
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def document(canary, **fields):
    return {"model": TURBO, "messages": user(canary), **fields}


def message(**fields):
    return {"messages": [{"role": "user", "content": "CANARY", **fields}]}


MEANINGLESS = {
    "no input": {"messages": None},
    "both inputs": {"prompt": "CANARY"},
    "no messages": {"messages": []},
    "too many messages": {"messages": user("CANARY") * 10_001},
    "messages is text": {"messages": "CANARY"},
    "unknown role": message(role="wizard"),
    "content is a number": message(content=5),
    "content is null": message(content=None),
    "no content": {"messages": [{"role": "user"}]},
    "parts of a system message": message(
        role="system", content=[{"type": "image_url", "image_url": {"url": "https://a.example/b"}}]
    ),
    "unknown part": message(content=[{"type": "smell", "smell": "CANARY"}]),
    "temperature 2.1": {"temperature": 2.1},
    "temperature text": {"temperature": "1"},
    "temperature true": {"temperature": True},
    "max_tokens 0": {"max_tokens": 0},
    "max_tokens -1": {"max_tokens": -1},
    "max_tokens 1.5": {"max_tokens": 1.5},
    "max_tokens 2**63": {"max_tokens": 2**63},
    "top_p 0": {"top_p": 0},
    "min_p 2": {"min_p": 2},
    "top_k -1": {"top_k": -1},
    "top_logprobs 21": {"logprobs": True, "top_logprobs": 21},
    "top_logprobs alone": {"top_logprobs": 2},
    "stop 1000": {"stop": ["x"] * 1000},
    "logit_bias 101": {"logit_bias": {"5": 101}},
    "logit_bias 100k": {"logit_bias": {str(n): 1 for n in range(100_000)}},
    "logit_bias words": {"logit_bias": {"word": 1}},
    "unknown model": {"model": "nobody/nothing"},
    "model path": {"model": "../../etc/passwd"},
    "model 10 KB": {"model": "m" * 10_000},
    "model NUL": {"model": "openai/gpt\x00"},
    "model number": {"model": 5},
    "media model": {"model": "openai/shap-e"},
    "models 1000": {"models": [TURBO + str(n) for n in range(1000)]},
    "models unknown": {"models": ["nobody/nothing"]},
    "route": {"route": "scenic"},
    "order unknown": {"provider": {"order": ["Nobody"]}},
    "provider unknown key": {"provider": {"colour": "red"}},
    "provider list": {"provider": ["OpenAI"]},
    "transforms unknown": {"transforms": ["inside-out"]},
    "stream text": {"stream": "yes"},
    "tools 10000": {"tools": [TOOL] * 10_000},
    "tools 5 MB": {"tools": [{**TOOL, "function": {"name": "f", "parameters": {
        "description": "x" * 5 * MIB}}}]},
    "tool_choice alone": {"tool_choice": "required"},
    "tool_choice unknown": {"tools": [TOOL], "tool_choice": {
        "type": "function", "function": {"name": "g"}}},
    "tool message alone": {"messages": [
        *user("CANARY"), {"role": "tool", "tool_call_id": "call_1", "content": "x"}]},
    "n": {"n": 2},
    "image of a private host": message(content=[
        {"type": "image_url", "image_url": {"url": "http://127.0.0.1/CANARY.png"}}]),
    "image file": message(content=[
        {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]),
}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("fields", MEANINGLESS.values(), ids=MEANINGLESS)
def test_what_means_nothing_is_400_with_its_field(gateway, alice, canary, fields, streamed):
    body = {**document("CANARY"), "stream": streamed, **fields}
    raw = json.dumps(body).replace("CANARY", canary).encode()
    answer = request(gateway, "POST", CHAT, raw, bearer(alice))
    assert answer.status == 400
    assert answer.error["metadata"]["field"]
    assert len(answer.body) < 10_000


HARMLESS = {
    "nulls": dict.fromkeys(
        ["prompt", "max_tokens", "temperature", "stop", "tools", "models", "provider", "route"]
    ),
    "regex": {"tools": [{**TOOL, "function": {"name": "f", "parameters": {
        "type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}}}],
        "tool_choice": "none"},
    "loop": {"tools": [{**TOOL, "function": {"name": "f", "parameters": {
        "$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}}}], "tool_choice": "none"},
    "unknown field": {"mock_response": "evil", "api_base": "http://127.0.0.1:1"},
    "top_k 0": {"top_k": 0},
}  # fmt: skip


@pytest.mark.parametrize("fields", HARMLESS.values(), ids=HARMLESS)
def test_what_says_nothing_is_ignored(gateway, alice, fields):
    answer = chat(gateway, alice, "[[say: fine]]", **fields)
    assert (answer.status, answer.text) == (200, "fine")


@pytest.mark.parametrize(
    "preferences",
    [
        {"order": ["Azure"]}, {"only": ["together"]}, {"ignore": ["openai"]},
        {"max_price": {"prompt": 0.1}}, {"quantizations": ["fp4"]}, {"zdr": True},
        {"data_collection": "deny", "only": ["lepton"]},
    ],
)  # fmt: skip
def test_preferences_that_leave_nobody_are_503_with_the_reason(gateway, alice, canary, preferences):
    model = LLAMA if "data_collection" in preferences else TURBO
    body = document(canary, model=model, provider=preferences)
    error = request(gateway, "POST", CHAT, body, bearer(alice)).error
    assert error["code"] == 503
    assert error["metadata"]["dropped"]
    assert error["metadata"]["requested_models"] == [model]


@pytest.mark.parametrize(
    ("referer", "shown"),
    [
        ("https://app.example/", "https://app.example/"), ("javascript:alert(1)", ""),
        ("https://user:secret@app.example/", ""), ("https://" + "a" * 10_000 + ".example", ""),
    ],
)  # fmt: skip
def test_only_a_web_address_is_an_apps_identity(gateway, alice, referer, shown):
    headers = bearer(alice, **{"HTTP-Referer": referer, "X-Title": "a\u0301" * 3 + "<script>"})
    headers = {name: value.encode() for name, value in headers.items()}
    body = {"model": TURBO, "messages": user("[[say: ok]]")}
    answer = request(gateway, "POST", CHAT, body, headers)
    (row,) = gateway.sql(
        "SELECT app_referer, app_title FROM billing_generation WHERE id = %s", answer.id
    )
    assert row["app_referer"] == shown
    assert row["app_title"].endswith("<script>")


def test_paths_beside_ours_have_the_same_error_shape(gateway, alice):
    for path in ("/api/v1/chat", "/api/v1/chat/completions/", "/api/nothing"):
        answer = request(gateway, "POST", path, {}, bearer(alice))
        assert answer.error["code"] == 404
