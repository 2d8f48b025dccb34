"""The OpenAI dialect: chat completions and legacy completions, as seventeen providers speak it.

What differs between them is data: paths, parameters and their names, and quirks
(routing.formats.openai_quirks). Source: OpenAI API reference and catalog/data/providers_2024.json.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.chunk import Sent
from routing.formats import openai_format
from routing.formats.openai_format import decode, decode_error
from routing.formats.prompts import prompt_of
from routing.formats.templates import TEMPLATES
from routing.request import ChatRequest

__all__ = ["decode", "decode_error", "encode"]

# What only chats have.
_OF_CHATS = frozenset(("tools", "tool_choice", "parallel_tool_calls", "top_logprobs"))
_LOGPROBS_MAX = 5


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """A new request for this endpoint. `max_tokens` is what the hold covers; None: no bound."""
    provider = endpoint.provider
    body: dict[str, Any] = {"model": endpoint.upstream_model}
    path = provider.chat_path
    parameters = openai_format.parameters(request, endpoint)
    if _is_completed(request, endpoint):
        body |= _completion(request, endpoint, parameters)
        path = provider.completions_path
    elif request.messages is not None:
        body["messages"] = openai_format.messages(request, endpoint)
        body |= parameters
    else:
        body["messages"] = [{"role": "user", "content": request.prompt or ""}]
        body |= parameters
    if max_tokens is not None:
        body[provider.parameter_renames.get("max_tokens", "max_tokens")] = max_tokens
    if request.stream:
        body["stream"] = True
        if provider.takes_stream_options:
            # Usage is always asked for: without it we could only count (style.md, D).
            body["stream_options"] = {"include_usage": True}
    return Sent(path or "/chat/completions", orjson.dumps(body), request.stream)


def _is_completed(request: ChatRequest, endpoint: Endpoint) -> bool:
    """As one text, by the legacy call? A raw prompt where the model takes it; messages where it
    knows none; and the beginning of an answer where chats do not continue it."""
    provider = endpoint.provider
    if provider.completions_path is None:
        return False
    if endpoint.is_base or provider.chat_path is None:
        return True
    if request.messages is None:
        return "completes_base_only" not in provider.quirks
    return (
        request.prefill
        and provider.quirks.get("prefill") == "template"
        and endpoint.instruct_type != "none"
        and endpoint.instruct_type in TEMPLATES
        and not request.image_count
        and not (request.has_tools and "tools" in endpoint.supported_parameters)
    )


def _completion(
    request: ChatRequest, endpoint: Endpoint, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Its prompt, and what of the parameters the legacy call takes."""
    rendered = prompt_of(request, endpoint)
    provider = endpoint.provider
    body = {name: value for name, value in parameters.items() if name not in _OF_CHATS}
    if endpoint.model_id.startswith("openai/"):
        body.pop("response_format", None)
    if body.get("logprobs") is True:
        # Here it is a number: so many of the likeliest, beside the one that was said.
        body["logprobs"] = min(_LOGPROBS_MAX, max(1, parameters.get("top_logprobs") or 1))
    elif body.get("logprobs") is False:
        del body["logprobs"]
    if rendered.stop and "stop" not in provider.unsupported_parameters:
        stops = dict.fromkeys([*body.get("stop", ()), *rendered.stop])
        body["stop"] = list(stops)[: provider.quirks.get("stop_max")]
    return {"prompt": rendered.prompt} | body
