"""The OpenAI dialect: errors in the words of providers, and rubbish."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.adapters.openai import decode, decode_error
from routing.chunk import Chunk, Failure, Turn, Usage


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("Overloaded", Failure(502, "Overloaded")),
        ({"message": "busy", "code": 429}, Failure(429, "busy")),
        ({"message": "busy", "code": "429"}, Failure(429, "busy")),
        ({"message": "busy", "code": "rate_limit_exceeded"}, Failure(502, "busy")),
        ({"message": "busy", "code": "rate_limit", "status": 429}, Failure(429, "busy")),
        ({"message": "bad", "code": 400}, Failure(400, "bad", permanent=True)),
        ({"message": "x", "code": 200}, Failure(502, "x")),
        ({"message": "x", "code": 1_000_000}, Failure(502, "x")),
        ({"message": "x", "code": True}, Failure(502, "x")),
        ({"detail": "down"}, Failure(502, "down")),
        ({"message": {"odd": 1}}, Failure(502, "")),
        ({"type": "server_error"}, Failure(502, "")),
        (["odd"], Failure(502, "odd")),
        (7, Failure(502, "7")),
    ],
)
@pytest.mark.parametrize("beside", [{}, {"choices": []}, {"choices": [{"delta": {}}]}])
def test_an_error_among_the_events_is_a_failure(error, failure, beside):
    event = orjson.dumps({**beside, "error": error})
    assert decode(event, Turn(stream=True)) == Chunk(failure=failure)


RUBBISH = (ValueError, KeyError, TypeError, IndexError, AttributeError)


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"<html>", b'{"choices": [', b"null", b"7", b'"x"', b"[]", b"{}", b'{"choices": 1}',
        b'{"choices": "x"}', b'{"choices": {"a": 1}}', b'{"choices": [null]}', b'{"choices": [[]]}',
        b'{"choices": [{"delta": "x"}]}', b'{"choices": [{"delta": {"content": 5}}]}',
        b'{"choices": [{"delta": {"content": ["x"]}}]}',
        b'{"choices": [{"finish_reason": {"a":1}}]}',
        b'{"choices": [{"delta": {"tool_calls": 5}}]}',
        b'{"choices": [{"delta": {"tool_calls": [5]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": "f"}]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": {"name": 5}}]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": {"a": 1}}}]}}]}',
        b'{"choices": [], "usage": 5}', b'{"x_groq": 5}', b"\xff\xfe", b"[" * 100_000,
        b'{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1,'
        b' "prompt_tokens_details": [1]}}',
    ],
)  # fmt: skip
def test_rubbish_raises_what_is_documented(rubbish):
    with pytest.raises(RUBBISH):
        decode(rubbish, Turn(stream=True))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5)
    | st.sampled_from(["stop", "assistant", "429"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["choices", "delta", "message", "content", "role", "tool_calls", "function", "name",
             "arguments", "finish_reason", "usage", "prompt_tokens", "completion_tokens", "error",
             "code", "x_groq", "completion_tokens_details", "reasoning_tokens", "id", "text"]
        ), inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from([None, "choices", "delta"]))
def test_whatever_json_comes_is_an_answer_or_documented_rubbish(document, inside):
    if inside == "delta":
        document = {"choices": [{"delta": document}]}
    elif inside == "choices":
        document = {"choices": [document]}
    turn = Turn(stream=True)
    try:
        chunk = decode(orjson.dumps(document), turn)
    except RUBBISH:
        return
    if turn.usage is not None:
        assert all(0 <= getattr(turn.usage, name) < 2**31 for name in Usage.__slots__)
    if chunk is not None:
        assert isinstance(chunk.text, str)
        assert chunk.text or chunk.delta or chunk.finish_reason or chunk.failure
        for call in (chunk.delta or {}).get("tool_calls") or ():
            function = call.get("function") or {}
            assert isinstance(function.get("arguments") or "", str)


# --- decode_error --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (429, b'{"error": {"message": "slow down", "code": 400}}', Failure(429, "slow down")),
        (400, b'{"error": {"message": "no"}}', Failure(400, "no", permanent=True)),
        (422, b'{"detail": [{"msg": "no"}]}', Failure(422, "no", permanent=True)),
        (500, b'{"error": "boom"}', Failure(500, "boom")),
        (500, b'{"message": "boom"}', Failure(500, "boom")),
        (500, b'{"error": null, "message": "boom"}', Failure(500, "boom")),
        (502, b'{"error": {"message": "full", "code": 429}}', Failure(429, "full")),
        (503, b'"busy"', Failure(503, "busy")),
        (503, b"[1]", Failure(503, "1")),
        (503, b"null", Failure(503, "")),
        (503, b"{}", Failure(503, "")),
        (503, b"", Failure(503, "")),
        (400, b"<html>Bad Request</html>", Failure(400, "")),
        (502, b"\xff\x00", Failure(502, "")),
        (401, b'{"error": {"message": "bad key"}}', Failure(401, "bad key")),
        (
            413,
            b'{"error": {"message": "maximum context length is 4096"}}',
            Failure(400, "maximum context length is 4096", permanent=True, kind="context_length"),
        ),
    ],
)
def test_the_words_of_a_provider_that_refused(status, body, failure):
    assert decode_error(status, body) == failure
