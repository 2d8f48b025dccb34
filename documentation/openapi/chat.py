"""Completions, and what would happen to one: POST /chat/completions, /completions, /route."""

from __future__ import annotations

from typing import Any

from documentation.openapi import chat_answer, chat_request, messages, routing
from documentation.openapi.operation import Access, Content, Group, Operation, Parameter
from documentation.openapi.schema import either, one_of, record, ref, text

MODEL = "openai/gpt-4o"
_ID = "gen-1718000000-Y2kQwXv7Lm3Zt9RbNc5D"

_USAGE: dict[str, Any] = {
    "prompt_tokens": 24, "completion_tokens": 300, "total_tokens": 324, "cost": 0.00462,
    "is_byok": False,
    "prompt_tokens_details": {
        "cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0, "video_tokens": 0,
    },
    "cost_details": {
        "upstream_inference_cost": 0.00462, "upstream_inference_prompt_cost": 0.00012,
        "upstream_inference_completions_cost": 0.0045,
    },
    "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": 0, "audio_tokens": 0},
}  # fmt: skip
_HEAD = {"id": _ID, "provider": "OpenAI", "model": MODEL}
_TAIL = {"created": 1718000000, "system_fingerprint": None}
_ENDED = {"finish_reason": "stop", "native_finish_reason": "stop", "logprobs": None}
_SAID = {
    "role": "assistant",
    "content": "Rome began as a village by the Tiber …",
    "refusal": None,
    "reasoning": None,
}


def _answer(kind: str, said: dict[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, **said, **_ENDED}
    return {**_HEAD, "object": kind, **_TAIL, "choices": [choice], "usage": _USAGE}


_STREAM_SAYS = (
    "Server-sent events with LF line ends: `data: ` and one JSON object each, then `data: [DONE]`."
    " While nothing is there to send, `: OPENROUTER PROCESSING` keeps the connection awake: lines"
    " that begin with a colon are comments, to be ignored."
)

_PARAMETERS = (
    Parameter("HTTP-Referer", text("Your app's address, by which rankings know it."), "header"),
    Parameter("X-Title", text("Your app's name."), "header"),
    Parameter(
        "X-OpenRouter-Metadata",
        one_of("`enabled`: the answer tells how it was routed.", "enabled"),
        "header",
    ),
)
_HEADERS = {"X-Generation-Id": text("The id of the generation, with errors too.")}
_ERRORS = {
    400: "A parameter is wrong, the model is unknown, or the prompt is longer than it takes.",
    402: "",
    408: "",
    429: "A rate limit is reached, or every provider of the model is too busy.",
    502: "",
    503: "No provider meets the requirements, or the server is overloaded or about to restart.",
}
_MESSAGES = [{"role": "user", "content": "Tell me of Rome"}]


def _stream(event: Any) -> Content:
    return Content(text(_STREAM_SAYS), media_type="text/event-stream", event=event)


_CHAT = Operation(
    "post", "/chat/completions", "createChatCompletion", "Chat completion",
    "Asks a model, and falls back to other providers and models where one fails. With `stream` the"
    " answer comes piece by piece; an error before the first piece has its own status, a later one"
    " is in the last event. What is charged is what the provider reports.",
    Access.INFERENCE,
    (
        Content(
            either(ref("ChatCompletion"), ref("TextCompletion")),
            _answer("chat.completion", {"message": _SAID}),
        ),
        _stream(either(ref("ChatCompletionChunk"), ref("TextCompletionChunk"))),
    ),
    parameters=_PARAMETERS,
    body=Content(ref("ChatRequest"), {"model": MODEL, "messages": _MESSAGES}),
    errors=_ERRORS,
    headers=_HEADERS,
)  # fmt: skip

_COMPLETION = Operation(
    "post", "/completions", "createCompletion", "Text completion",
    "The older form: the model goes on with a text. Parameters and prices are those of a chat.",
    Access.INFERENCE,
    (
        Content(ref("TextCompletion"), _answer("text_completion", {"text": " there was a"})),
        _stream(ref("TextCompletionChunk")),
    ),
    parameters=_PARAMETERS,
    body=Content(ref("CompletionRequest"), {"model": MODEL, "prompt": "Once upon a time"}),
    errors=_ERRORS,
    headers=_HEADERS,
)  # fmt: skip

_ROUTE_EXAMPLE = {
    "requested_models": [MODEL], "strategy": "direct", "prompt_tokens": 24, "max_tokens": 200,
    "worst_cost": 0.00312,
    "routes": [{"model": MODEL, "prompt_tokens": 24, "worst_cost": 0.00312, "endpoints": [{
        "provider": "OpenAI", "tag": "openai", "own_key": False, "odds": 1,
        "stable": True, "context_length": 128000, "max_tokens": 200,
        "pricing": {
            "prompt": "0.000005", "completion": "0.000015", "image": "0", "request": "0",
        },
        "estimated_cost": 0.00312, "worst_cost": 0.00312, "ignored_parameters": [],
    }]}],
    "dropped": [
        {"model": MODEL, "provider": "Azure", "reason": "no credential configured"},
    ],
    "passed_over": [], "pipeline": [],
}  # fmt: skip

_ROUTE = Operation(
    "post", "/route", "explainRoute", "What would happen",
    "The plan for a chat completion with the same body: which endpoints would be tried, in which"
    " order and with which odds, why others would not, and what it could cost. Nothing is sent to a"
    " provider and nothing is charged.",
    Access.INFERENCE,
    (Content(record({"data": ref("Route")}), {"data": _ROUTE_EXAMPLE}),),
    body=Content(
        ref("ChatRequest"), {"model": MODEL, "messages": _MESSAGES, "max_tokens": 200}
    ),
    errors={400: _ERRORS[400], 503: _ERRORS[503]},
)  # fmt: skip

GROUP = Group(
    "chat", "Completions",
    "Ask a model. The requests and answers are those of OpenAI's API, so its clients work with"
    " another base address.",
    (_CHAT, _COMPLETION, _ROUTE),
    {**chat_request.SCHEMAS, **messages.SCHEMAS, **chat_answer.SCHEMAS, **routing.SCHEMAS},
)  # fmt: skip
