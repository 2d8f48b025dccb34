"""HuggingFace's Text Generation Inference: its native route, and its OpenAI-compatible one.

The native route completes one text, and a finished answer says how many tokens it has; those of the
prompt are known only to servers since 2.2 (`input_length`). It refuses values at the edge of their
range (temperature 0, top_p 1), which mean "do not" here. A model whose instruct template we do not
know is asked by messages. Source: TGI's OpenAPI document and its validation messages.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn, Usage
from routing.formats import openai_format
from routing.formats.contents import figure
from routing.formats.prompts import prompt_of, stops_of
from routing.formats.templates import TEMPLATES
from routing.request import ChatRequest

TAKES_IMAGES = False
_STOPS_MAX = 4
_TOP_TOKENS_MAX = 5
_BUSY = 529
_FINISH_REASONS = {"length": "length", "eos_token": "stop", "stop_sequence": "stop"}
_ERROR_STATUSES = {"overloaded": _BUSY, "validation": 422, "generation": 500}


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """Native for a prompt or a known template, else by messages."""
    provider = endpoint.provider
    is_known = endpoint.is_base or endpoint.instruct_type in TEMPLATES
    if request.messages is not None and not is_known and provider.chat_path is not None:
        return _chat(request, endpoint, provider.chat_path, max_tokens)
    rendered = prompt_of(request, endpoint)
    parameters = _native(openai_format.parameters(request, endpoint))
    if stops := stops_of(request, rendered, _STOPS_MAX):
        parameters["stop"] = stops
    if max_tokens is not None:
        parameters["max_new_tokens"] = max(1, max_tokens)
    # The same prompt twice is two questions; HuggingFace would give the first answer again.
    options = {"use_cache": False}
    body: dict[str, Any] = {"inputs": rendered.prompt, "parameters": parameters, "options": options}
    if request.stream:
        body["stream"] = True
    return Sent(provider.completions_path or "/models/{model}", orjson.dumps(body), request.stream)


def repeated_stops(request: ChatRequest, endpoint: Endpoint) -> list[str]:
    """At what the model may be stopped: TGI says it, too, as the end of the text."""
    return stops_of(request, prompt_of(request, endpoint), _STOPS_MAX)


def _native(asked: dict[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"details": True, "return_full_text": False}
    temperature, top_p, top_k = (asked.get(n) for n in ("temperature", "top_p", "top_k"))
    # Without it TGI is greedy, and other providers sample unless they are told not to.
    parameters["do_sample"] = temperature is None or temperature > 0
    if temperature:
        parameters["temperature"] = temperature
    if top_p is not None and top_p < 1:
        parameters["top_p"] = max(top_p, 0.01)
    if top_k:
        parameters["top_k"] = top_k
    for name in ("repetition_penalty", "frequency_penalty"):
        if asked.get(name):
            parameters[name] = asked[name]
    if (asked.get("seed") or 0) > 0:
        parameters["seed"] = asked["seed"]
    if asked.get("logprobs"):
        parameters["top_n_tokens"] = min(_TOP_TOKENS_MAX, max(1, asked.get("top_logprobs") or 1))
    return parameters


def _chat(request: ChatRequest, endpoint: Endpoint, path: str, max_tokens: int | None) -> Sent:
    """One server has one model, and does not look at the name."""
    body: dict[str, Any] = {
        "model": endpoint.upstream_model,
        "messages": openai_format.messages(request, endpoint),
    }
    body |= openai_format.parameters(request, endpoint)
    if body.get("top_p") == 1:
        del body["top_p"]
    if max_tokens is not None:
        body["max_tokens"] = max(1, max_tokens)
    if request.stream:
        body["stream"] = True
        if endpoint.provider.takes_stream_options:
            body["stream_options"] = {"include_usage": True}
    return Sent(path, orjson.dumps(body), request.stream)


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """An event or a body of either route: they are told apart by what is in them."""
    if event == b"[DONE]":
        return openai_format.decode(event, turn)
    document = orjson.loads(event)
    if isinstance(document, list):
        document = document[0]
    if document.get("error"):
        return Chunk(failure=_failure(document, 502))
    if "choices" in document:
        return openai_format.decode(event, turn)
    details = document.get("details")
    native = _ended(details, turn) if details else None
    token = document.get("token")
    if token is None:
        text = document["generated_text"]
        native = native or "eos_token"
        turn.native_finish_reason = native
        logprobs = _logprobs(details.get("tokens"), details.get("top_tokens")) if details else None
    else:
        # Special tokens end the answer and are no part of it.
        text = "" if token.get("special") else token["text"]
        logprobs = _logprobs([token], [document.get("top_tokens")])
    if not isinstance(text, str):
        raise TypeError("text is not text")
    if not text and native is None:
        return None
    finish = _FINISH_REASONS.get(native, "stop") if native else None
    return Chunk(text, finish_reason=finish, native_finish_reason=native, logprobs=logprobs)


def _ended(details: dict[str, Any], turn: Turn) -> str:
    native = str(details["finish_reason"])
    turn.native_finish_reason = native
    turn.is_done = turn.stream
    prompt = figure(details.get("input_length"))
    completion = figure(details.get("generated_tokens"))
    if prompt is not None and completion is not None:
        turn.usage = Usage(prompt, completion)
    return native


def _logprobs(tokens: Any, tops: Any) -> dict[str, Any] | None:
    """In OpenAI's form, where they were asked for: then there are `top_tokens`."""
    if not tokens or not tops or not tops[0]:
        return None
    content = [
        {**_logprob(token), "top_logprobs": [_logprob(other) for other in top]}
        for token, top in zip(tokens, tops, strict=True)
        if not token.get("special")
    ]
    return {"content": content} if content else None


def _logprob(token: dict[str, Any]) -> dict[str, Any]:
    text = token["text"]
    return {"token": text, "logprob": token["logprob"], "bytes": list(text.encode())}


def decode_error(status: int, body: bytes) -> Failure:
    """`{"error", "error_type"}`; a model that loads is busy, not broken (503, `estimated_time`)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failure(status, "")
    if not isinstance(document, dict):
        document = {"error": document}
    return _failure(document, status)


def _failure(document: dict[str, Any], status: int) -> Failure:
    said = document.get("error") or document.get("message") or document.get("detail") or ""
    if isinstance(said, dict):
        said = said.get("message") or said
    if isinstance(said, list):
        said = "; ".join(map(str, said))
    message = said if isinstance(said, str) else orjson.dumps(said).decode()
    kind = document.get("error_type")
    if status == 502 and isinstance(kind, str):
        status = _ERROR_STATUSES.get(kind, status)
    wait_s = document.get("estimated_time")
    if status == 503 and isinstance(wait_s, int | float) and wait_s >= 0:
        return Failure(_BUSY, message, retry_after_s=float(wait_s))
    # "`inputs` tokens + `max_new_tokens` must be <= 4096": the names of fields are in backquotes.
    found = failures.failure(status, message.replace("`", ""))
    found.message = message
    return found
