"""Any conversation that our API takes, for tests of what dialects make of it."""

from __future__ import annotations

import orjson
from hypothesis import strategies as st

from routing.request import parse

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ"
    "/pLvAAAAAElFTkSuQmCC"
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "What it does",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "when": {"type": ["string", "null"]}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
    for name in ("get_weather", "get_time")
]
WORDS = st.sampled_from(["", "hi", "Grüße 😀", "a\nb"])
PARTS = st.lists(
    st.one_of(
        WORDS.map(lambda text: {"type": "text", "text": text}),
        st.just({"type": "image_url", "image_url": {"url": PNG}}),
    ),
    min_size=1,
    max_size=3,
)
SIMPLE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant"]), "content": WORDS}
).map(lambda message: [message])
SEEN = st.fixed_dictionaries({"role": st.just("user"), "content": PARTS}).map(lambda one: [one])


@st.composite
def exchanges(draw):
    """A tool was called, once or twice, and answered."""
    number = draw(st.integers(1, 2))
    prefix = draw(st.integers(0, 10_000))
    calls = [
        {
            "id": f"call_{prefix}_{place}",
            "type": "function",
            "function": {
                "name": draw(st.sampled_from(["get_weather", "get_time"])),
                "arguments": draw(st.sampled_from(['{"city": "Rome"}', "", "not json", "[1]"])),
            },
        }
        for place in range(number)
    ]
    said = {"role": "assistant", "content": draw(WORDS) or None, "tool_calls": calls}
    results = [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "content": draw(st.sampled_from(['{"sky": "clear"}', "clear", "", "[1]"])),
        }
        for call in calls
    ]
    return [{"role": "user", "content": "Look it up."}, said, *results]


FORMATS = [
    {"type": "json_object"},
    {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
]
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0.0001, 1),
        "top_k": st.integers(0, 5000),
        "frequency_penalty": st.floats(-2, 2),
        "presence_penalty": st.floats(-2, 2),
        "seed": st.integers(-(2**63), 2**63 - 1),
        "stop": st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=8),
        "response_format": st.sampled_from(FORMATS),
        "tool_choice": st.sampled_from(
            ["none", "auto", "required", {"type": "function", "function": {"name": "get_time"}}]
        ),
        "stream": st.booleans(),
        "logprobs": st.just(True),
    },
)


@st.composite
def requests(draw, pictures=True, tools=True):
    """A parsed request. `tools` may be called anywhere, and are offered wherever they were."""
    kinds = [SIMPLE, *([SEEN] if pictures else []), *([exchanges()] if tools else [])]
    messages = [each for one in draw(st.lists(st.one_of(kinds), max_size=6)) for each in one]
    messages.append(
        {"role": draw(st.sampled_from(["user", "system", "assistant"])), "content": "Go"}
    )
    body = {"messages": messages, **draw(PARAMETERS)}
    if tools:
        body["tools"] = TOOLS
    else:
        body.pop("tool_choice", None)
    return parse(orjson.dumps(body), completion=False)


ALL = frozenset(
    {
        "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "stop",
        "response_format", "tools", "tool_choice", "logprobs", "top_logprobs",
    }
)  # fmt: skip
