"""Bad input on a real socket (design/hardening.md section 4, rows 1 to 30): a documented status in
the one error shape, nothing reaches a provider, and the server is as well as before."""

from __future__ import annotations

import gzip
import json

import pytest
from gateway_process import unique
from wire_client import (
    CHAT,
    COMPLETIONS,
    TURBO,
    bearer,
    chat,
    parse_answer,
    raw_exchange,
    request,
    user,
)

pytestmark = pytest.mark.database

MIB = 1024 * 1024
LLAMA = "meta-llama/llama-3-8b-instruct"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def alice(gateway):
    return gateway.caller(credits="50")


@pytest.fixture
def canary(gateway):
    """A word to put into a prompt that no provider must see."""
    word = unique("canary")
    yield word
    assert gateway.upstream(word) == []
    assert gateway.is_healthy()


def send_raw(gateway, caller, body, *lines, key=True, path=CHAT):
    """Head and body as they are; the answer."""
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    if key:
        head.append(f"Authorization: Bearer {caller.key}")
    if not any(line.lower().startswith(("content-length", "transfer")) for line in lines):
        head.append(f"Content-Length: {len(body)}")
    data = "\r\n".join([*head, *lines, "", ""]).encode("latin-1") + body
    return parse_answer(raw_exchange(gateway, data, half_close=False))


def document(canary, **fields):
    return {"model": TURBO, "messages": user(canary), **fields}


# --- Rows 1 to 5: who asks ---------------------------------------------------------------------

JUNK_KEYS = {
    "nothing": None,
    "basic": "Basic dXNlcjpwYXNz",
    "no key": "Bearer ",
    "only the scheme": "Bearer",
    "no scheme": "sk-or-v1-" + "0" * 64,
    "wrong checksum": "Bearer sk-or-v1-" + "0" * 64,
    "too long": "Bearer " + "a" * 10_000,
    "not ASCII": "Bearer sk-or-v1-\xe9\xfc",
    "SQL": "Bearer ' OR 1=1--",
    "well-formed and unknown": "Bearer sk-or-v1-" + "1" * 56 + "6ec5b9b6",
}


@pytest.mark.parametrize("authorization", JUNK_KEYS.values(), ids=JUNK_KEYS)
def test_a_key_that_is_none_is_401(gateway, canary, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = request(gateway, "POST", CHAT, document(canary), headers)
    assert answer.status == 401
    assert answer.error["message"] in ("No auth credentials found", "User not found.")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("state", ["unknown", "disabled", "expired", "inactive"])
def test_nobody_can_tell_why_a_key_is_refused(gateway, canary, state):
    caller = gateway.caller(expired=state == "expired")
    if state == "disabled":
        gateway.desk("disable", key_id=caller.key_id)
    elif state == "inactive":
        gateway.desk("deactivate", user_id=caller.user_id)
    elif state == "unknown":
        gateway.sql("DELETE FROM accounts_apikey WHERE id = %s", caller.key_id)
    answer = request(gateway, "POST", CHAT, document(canary), bearer(caller))
    assert (answer.status, answer.error["message"]) == (401, "User not found.")


def test_two_authorization_headers_are_401(gateway, alice, canary):
    body = json.dumps(document(canary)).encode()
    again = f"Authorization: Bearer {alice.key}"
    assert send_raw(gateway, alice, body, again).error["code"] == 401


def test_a_key_has_one_place(gateway, alice, canary):
    body = json.dumps(document(canary)).encode()
    for line in (f"X-Api-Key: {alice.key}", f"Cookie: key={alice.key}; sessionid=x"):
        assert send_raw(gateway, alice, body, line, key=False).error["code"] == 401
    path = f"{CHAT}?api_key={alice.key}"
    assert send_raw(gateway, alice, body, key=False, path=path).error["code"] == 401


# --- Rows 12 to 19: what is no JSON, or too much of it -----------------------------------------

NOT_A_REQUEST = {
    "empty": b"",
    "truncated": b'{"model": "',
    "trailing": b'{"prompt": "CANARY"} x',
    "array": b"[]",
    "null": b"null",
    "string": b'"CANARY"',
    "deep": b'{"messages": ' + b"[" * 100_000,
    "deep and whole": b'{"prompt": "CANARY", "x": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "huge number": b'{"prompt": "CANARY", "seed": ' + b"9" * 5_000 + b"}",
    "NaN": b'{"prompt": "CANARY", "temperature": NaN}',
    "Infinity": b'{"prompt": "CANARY", "temperature": Infinity}',
    "1e999": b'{"prompt": "CANARY", "temperature": 1e999}',
    "lone surrogate": b'{"prompt": "CANARY \\ud800"}',
    "invalid UTF-8": b'{"prompt": "CANARY \xff"}',
    "UTF-16": '{"prompt": "CANARY"}'.encode("utf-16"),
}


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
@pytest.mark.parametrize("body", NOT_A_REQUEST.values(), ids=NOT_A_REQUEST)
def test_a_body_that_is_no_request_is_400(gateway, alice, canary, body, path):
    body = body.replace(b"CANARY", canary.encode())
    answer = request(gateway, "POST", path, body, bearer(alice))
    assert answer.status == 400
    assert answer.error["metadata"]["field"]


def test_of_equal_names_one_value_counts_everywhere(gateway, alice):
    marker = unique()
    body = (
        b'{"model": "openai/gpt-4", "max_tokens": 9999999, "messages": 1,'
        b' "model": "openai/gpt-3.5-turbo", "max_tokens": 5, "messages":'
        b' [{"role": "user", "content": "%s [[simulate tokens=50]]"}]}' % marker.encode()
    )
    answer = request(gateway, "POST", CHAT, body, bearer(alice))
    assert answer.json["model"] == TURBO
    (record,) = gateway.upstream(marker)
    assert record["model"] == "gpt-3.5-turbo" and record["body"]["max_tokens"] == 5
    assert answer.json["usage"]["completion_tokens"] == 5


def large_body(canary, size):
    head = json.dumps(document(canary)).encode()[:-1] + b', "x": "'
    return head + b"a" * (size - len(head) - 2) + b'"}'


def test_a_body_that_says_it_is_too_large_is_413_unread(gateway, alice, canary):
    answer = send_raw(gateway, alice, canary.encode(), f"Content-Length: {21 * MIB}")
    assert answer.error["code"] == 413


def test_a_body_that_turns_out_too_large_is_413(gateway, alice, canary):
    head = (
        f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.key}\r\n"
        "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    chunk = b"100000\r\n" + b"a" * MIB + b"\r\n"
    received = raw_exchange(gateway, [head, *[chunk] * 40, b"0\r\n\r\n"], half_close=False)
    # What we still send when it closes may cost us its answer (RST), but never a 200.
    if received:
        assert parse_answer(received).error["code"] == 413


def test_a_body_just_within_the_limit_is_read(gateway, alice):
    answer = request(gateway, "POST", CHAT, large_body("[[say: read]]", 20 * MIB), bearer(alice))
    assert (answer.status, answer.text) == (200, "read")


def test_an_understated_length_cuts_the_body(gateway, alice, canary):
    body = json.dumps(document(canary)).encode()
    answer = send_raw(gateway, alice, body, "Content-Length: 20")
    # The rest is a second request that is none; whoever of the two answers first says 400.
    assert answer.status == 400


def test_a_compressed_body_is_400_and_not_inflated(gateway, alice, canary):
    bomb = gzip.compress(large_body(canary, 50 * MIB))
    for name in ("gzip", "br", "deflate"):
        answer = send_raw(gateway, alice, bomb, f"Content-Encoding: {name}")
        assert answer.error["code"] == 400


def test_json_is_read_whatever_its_type_but_not_a_form(gateway, alice, canary):
    for kind in ("text/plain;charset=UTF-8", "application/x-www-form-urlencoded", None):
        headers = {name: value for name, value in bearer(alice).items() if name != "Content-Type"}
        headers |= {"Content-Type": kind} if kind else {}
        body = json.dumps({"model": TURBO, "messages": user("[[say: read]]")}).encode()
        assert request(gateway, "POST", CHAT, body, headers).text == "read"
    headers = bearer(alice, **{"Content-Type": "multipart/form-data; boundary=" + "-" * 60})
    answer = request(gateway, "POST", CHAT, document(canary), headers)
    assert answer.error["code"] == 400


SMUGGLED = {
    "CL and TE": ("Content-Length: 5", "Transfer-Encoding: chunked"),
    "two CL": ("Content-Length: 5", "Content-Length: 6"),
    "unknown TE": ("Transfer-Encoding: xchunked",),
    "signed CL": ("Content-Length: +5",),
    "NUL in a header": ("Content-Length: 5", "X-Odd: a\x00b"),
    "folded header": ("Content-Length: 5", "X-Odd: a", " b"),
}


@pytest.mark.parametrize("lines", SMUGGLED.values(), ids=SMUGGLED)
def test_ambiguous_framing_is_400_and_closed(gateway, alice, canary, lines):
    answer = send_raw(gateway, alice, b"hello" + canary.encode(), *lines)
    assert answer.status == 400
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("lines", [["X-A: b"] * 5_000, ["X-A: " + "b" * 100_000]])
def test_too_many_headers_are_refused(gateway, alice, canary, lines):
    answer = send_raw(gateway, alice, json.dumps(document(canary)).encode(), *lines)
    assert answer.status in (400, 431)


# --- Rows 20 to 33: what means nothing ---------------------------------------------------------


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
