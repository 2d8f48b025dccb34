"""The example bodies of the documents of 2024, unchanged."""

from __future__ import annotations

import orjson
import pytest
from seed_tool import WEATHER

from routing.request import parse

SEED_EXAMPLES = [
    {
        "model": "openai/gpt-3.5-turbo",
        "messages": [{"role": "user", "content": "What is the meaning of life?"}],
    },
    {
        "model": "mistralai/mixtral-8x7b-instruct",
        "messages": [{"role": "user", "content": "Hello"}],
        "provider": {"order": ["Azure", "Together"]},
    },
    {
        "model": "mistralai/mixtral-8x7b-instruct",
        "messages": [{"role": "user", "content": "Hello"}],
        "provider": {"require_parameters": True},
        "response_format": {"type": "json_object"},
    },
    {
        "model": "mistralai/mixtral-8x7b-instruct",
        "messages": [{"role": "user", "content": "Hello"}],
        "provider": {"data_collection": "deny"},
    },
    {
        "model": "mistralai/mixtral-8x7b-instruct",
        "messages": [{"role": "user", "content": "Hello"}],
        "provider": {"allow_fallbacks": False},
    },
    {
        "models": ["anthropic/claude-2.1", "gryphe/mythomax-l2-13b"],
        "route": "fallback",
        "messages": [{"role": "user", "content": "Hello"}],
    },
    {
        "model": "mistralai/mixtral-8x7b-instruct",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Hello!"},
        ],
    },
    {
        "model": "mistralai/mixtral-8x7b-instruct",
        "messages": [
            {"role": "user", "content": "Who are you?"},
            {"role": "assistant", "content": "I'm not sure, but my best guess is"},
        ],
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What's in this image?"},
                    {
                        "type": "image_url",
                        "image_url": {
                            "url": "https://upload.wikimedia.org/wikipedia/commons/thumb/d/dd/"
                            "Gfp-wisconsin-madison-the-nature-boardwalk.jpg/2560px-"
                            "Gfp-wisconsin-madison-the-nature-boardwalk.jpg"
                        },
                    },
                ],
            }
        ]
    },
    {
        "messages": [{"role": "user", "content": "What is the weather like in Boston?"}],
        "tools": [WEATHER],
    },
    {
        "messages": [
            {"role": "user", "content": "What is the weather like in Boston?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_9pw1qnYScqvGrCH58HWCvFH6",
                        "type": "function",
                        "function": {
                            "name": "get_current_weather",
                            "arguments": '{ "location": "Boston, MA"}',
                        },
                    }
                ],
            },
            {
                "role": "tool",
                "name": "get_current_weather",
                "tool_call_id": "call_9pw1qnYScqvGrCH58HWCvFH6",
                "content": '{"temperature": "22", "unit": "celsius", "description": "Sunny"}',
            },
        ]
    },
    {"transforms": ["middle-out"], "messages": [{"role": "user", "content": "Hello"}]},
    {"transforms": [], "prompt": "Hello", "model": "mistralai/mistral-7b-instruct:free"},
]


@pytest.mark.parametrize("body", SEED_EXAMPLES)
def test_examples_of_the_seed_are_kept_whole(body):
    request = parse(orjson.dumps(body), completion=False)
    if "messages" in body:
        assert orjson.loads(orjson.dumps(request.messages)) == body["messages"]
    for name in request.parameters:
        assert request.parameters[name] == body[name]
    assert request.model == body.get("model")
