"""Whatever the bytes: a request that can be sent on, or BadRequest, and nothing else."""

from __future__ import annotations

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from openrouter_site.errors import BadRequest
from routing.parameters import PARAMETERS
from routing.preferences import PREFERENCES
from routing.request import ROUTING, parse

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["text", "image_url", "function", "json_schema", "auto", "call_1", "price"])
)
KEYS = st.text(max_size=5) | st.sampled_from(
    [
        "role",
        "content",
        "name",
        "type",
        "text",
        "image_url",
        "url",
        "function",
        "tool_calls",
        "id",
        "arguments",
        "tool_call_id",
        "parameters",
        "json_schema",
        "schema",
        "by",
        "partition",
        "prompt",
        "p50",
        "cache_control",
    ]
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
)
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url"])},
    optional={
        "text": st.text() | ANYTHING,
        "image_url": st.fixed_dictionaries({"url": st.text() | st.text().map("http://{}".format)})
        | ANYTHING,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "developer"]) | ANYTHING},
    optional={
        "content": st.text() | st.lists(PARTS, max_size=3) | ANYTHING,
        "name": SCALARS,
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {"id": st.just("call_1"), "function": ANYTHING}, optional={"type": SCALARS}
            ),
            max_size=2,
        )
        | ANYTHING,
        "tool_call_id": st.just("call_1") | ANYTHING,
        "reasoning_details": ANYTHING,
        "function_call": ANYTHING,
        "x": ANYTHING,
    },
)
FIELDS = st.sampled_from([*PARAMETERS, *ROUTING, "unknown"])
BODIES = st.builds(
    dict,
    st.dictionaries(FIELDS, ANYTHING, max_size=2),
    messages=st.lists(MESSAGES, max_size=4),
)


def check(body, completion):
    try:
        request = parse(body, completion=completion)
    except BadRequest as error:
        assert error.message
        assert error.metadata["field"]
        orjson.dumps(error.body())
        return
    assert (request.messages is None) != (request.prompt is None)
    assert request.is_completion is (request.prompt is not None)
    assert request.text_bytes or request.image_count
    # What goes to a provider is made of these, and must be JSON whatever came in.
    sent = orjson.dumps(
        {"messages": request.messages, "prompt": request.prompt, **request.parameters}
    )
    again = orjson.loads(sent)
    if request.prompt is None:
        del again["prompt"]
    else:
        del again["messages"]
    twice = parse(orjson.dumps(again), completion=completion)
    assert (twice.messages, twice.prompt) == (request.messages, request.prompt)
    assert twice.parameters == request.parameters
    assert twice.text_bytes == request.text_bytes


@given(body=st.binary(max_size=300), completion=st.booleans())
@example(body=b"[" * 100_000, completion=False)
@example(body=b'{"a":' * 2_000 + b"1" + b"}" * 2_000, completion=False)
@example(body=b'{"messages":' + b"[" * 500 + b"]" * 500 + b"}", completion=False)
def test_any_bytes_are_a_request_or_a_bad_request(body, completion):
    check(body, completion)


@given(body=ANYTHING, completion=st.booleans())
def test_any_json_is_a_request_or_a_bad_request(body, completion):
    check(orjson.dumps(body), completion)


@given(body=BODIES)
def test_any_conversation_is_a_request_or_a_bad_request(body):
    check(orjson.dumps(body), completion=False)


@given(name=st.sampled_from([*PARAMETERS, *ROUTING, "messages", "prompt"]), value=ANYTHING)
def test_any_value_of_one_field_is_taken_or_refused(name, value):
    base = {} if name in ("messages", "prompt") else {"prompt": "a"}
    check(orjson.dumps({**base, name: value}), completion=False)
    if name == "provider" and isinstance(value, dict):
        return
    tools = [{"type": "function", "function": {"name": "a"}}]
    check(orjson.dumps({**base, "tools": tools, "logprobs": True, name: value}), completion=False)


@given(key=st.sampled_from([*PREFERENCES]), value=ANYTHING)
def test_any_preference_is_taken_or_refused(key, value):
    check(orjson.dumps({"prompt": "a", "provider": {key: value}}), completion=True)
