"""Bad keys and bad bodies on a real socket (design/hardening.md section 4, rows 1 to 19, 44, 45).

A documented status in the one error shape; nothing reaches a provider; the server stays well.
"""

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
    parse_answer,
    raw_exchange,
    request,
    user,
)

pytestmark = pytest.mark.database

MIB = 1024 * 1024


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
