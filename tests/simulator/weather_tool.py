"""One function, as OpenAI-like APIs take it."""

from __future__ import annotations

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
# The same for Cohere's first API.
WEATHER_COHERE_V1 = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameter_definitions": {"city": {"type": "str", "description": "Where", "required": True}},
}
