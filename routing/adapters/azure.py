"""Azure OpenAI: OpenAI's format, with the deployment in the path and content filters around it.

Source: Azure OpenAI Service REST API reference, api-version 2024-02-01. The version stands in the
provider's paths, and `{model}` there is the deployment. A stream of that version has no usage, and
its first event may have no choices but the filter's findings about the prompt.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.chunk import Sent
from routing.formats import openai_format
from routing.formats.openai_format import decode, decode_error
from routing.formats.prompts import prompt_of, stops_of
from routing.request import ChatRequest

__all__ = ["decode", "decode_error", "encode"]

_CHAT_PATH = "/deployments/{model}/chat/completions?api-version=2024-02-01"
_COMPLETIONS_PATH = "/deployments/{model}/completions?api-version=2024-02-01"
_STOPS_MAX = 4
_LOGPROBS_MAX = 5
# What only a chat deployment takes.
_OF_CHAT = ("tools", "tool_choice", "parallel_tool_calls", "response_format", "top_logprobs")


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """The deployment, chosen by its owner, says which model it is: no `model` in the body."""
    provider = endpoint.provider
    parameters = openai_format.parameters(request, endpoint)
    body: dict[str, Any]
    if endpoint.is_base:
        body, path = _completion(request, endpoint, parameters), provider.completions_path
        path = path or _COMPLETIONS_PATH
    else:
        messages: Any = [{"role": "user", "content": request.prompt or ""}]
        if request.messages is not None:
            messages = openai_format.messages(request, endpoint)
        body, path = {"messages": messages} | parameters, provider.chat_path or _CHAT_PATH
    if max_tokens is not None:
        body[provider.parameter_renames.get("max_tokens", "max_tokens")] = max_tokens
    if request.stream:
        body["stream"] = True
        if provider.takes_stream_options:
            body["stream_options"] = {"include_usage": True}
    return Sent(path, orjson.dumps(body), request.stream)


def _completion(
    request: ChatRequest, endpoint: Endpoint, parameters: dict[str, Any]
) -> dict[str, Any]:
    """For a deployment that knows no messages, such as gpt-35-turbo-instruct."""
    rendered = prompt_of(request, endpoint)
    body: dict[str, Any] = {"prompt": rendered.prompt}
    body |= {name: value for name, value in parameters.items() if name not in _OF_CHAT}
    if stops := stops_of(request, rendered, _STOPS_MAX):
        body["stop"] = stops
    if body.pop("logprobs", False):
        # Here it is a number.
        body["logprobs"] = min(_LOGPROBS_MAX, max(1, parameters.get("top_logprobs") or 1))
    return body
