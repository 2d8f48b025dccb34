"""OpenRouter's open runner (openrouter-runner), as its owner deploys it on Modal: vLLM behind
`POST /completion`.

A prompt and vLLM's sampling parameters go in; the answer is `{text, usage, finish_reason, done}`,
in one piece or one for each step. Source: OpenRouterTeam/openrouter-runner, modal/runner and
modal/shared/protocol.py.
"""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn, Usage
from routing.formats import openai_format
from routing.formats.contents import figure
from routing.formats.prompts import prompt_of, stops_of
from routing.request import ChatRequest

TAKES_IMAGES = False
# The runner's own default is 42.
_TOKENS_DEFAULT = 1024
_STOPS_MAX = 16
_BUSY = 529
# Of vLLM's parameters those that the runner's schema takes as they are. It takes min_p as a whole
# number, which says nothing, and gives no log probabilities back.
_TAKEN = frozenset(
    {"temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "repetition_penalty"}
)


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    rendered = prompt_of(request, endpoint)
    asked = openai_format.parameters(request, endpoint)
    params: dict[str, Any] = {name: asked[name] for name in asked if name in _TAKEN}
    if params.get("top_k") == 0:
        params["top_k"] = -1  # vLLM's word for all of them
    if stops := stops_of(request, rendered, _STOPS_MAX):
        params["stop"] = stops
    if max_tokens is None:
        max_tokens = endpoint.max_completion_tokens or _TOKENS_DEFAULT
    params["max_tokens"] = max(1, max_tokens)
    body = {
        # vLLM takes no two requests of one name at a time.
        "id": uuid.uuid4().hex,
        "prompt": rendered.prompt,
        "model": endpoint.upstream_model,
        "params": params,
        "stream": request.stream,
    }
    path = endpoint.provider.completions_path or "/completion"
    return Sent(path, orjson.dumps(body), request.stream)


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """A step of a stream, or a whole body with the spaces that kept its connection awake."""
    document = orjson.loads(event)
    if error := document.get("error"):
        return Chunk(failure=_failure_within(error))
    text = document["text"]
    if not isinstance(text, str):
        raise TypeError("text is not text")
    # An older runner has the figures beside the text.
    usage = document.get("usage") or document
    prompt = figure(usage.get("prompt_tokens"))
    if prompt:
        turn.usage = Usage(prompt, figure(usage.get("completion_tokens")) or 0)
    if not document.get("done"):
        # The last step has its reason too, but the figures come after it.
        return Chunk(text) if text else None
    native = str(document.get("finish_reason") or "stop")
    turn.native_finish_reason = native
    turn.is_done = turn.stream
    finish = openai_format.FINISH_REASONS.get(native, "error" if native == "abort" else "stop")
    return Chunk(text, finish_reason=finish, native_finish_reason=native)


def _failure_within(error: Any) -> Failure:
    """`{"type", "message"}`: the name of a Python exception and its words."""
    kind: Any = ""
    message: Any = error
    if isinstance(error, dict):
        kind, message = error.get("type"), error.get("message")
    status = 400 if kind == "ValueError" else 502
    return failures.failure(status, message if isinstance(message, str) else "")


def decode_error(status: int, body: bytes) -> Failure:
    """Plain text from the runner, `{"detail"}` from the framework around it."""
    message = body.decode("utf-8", "replace").strip()
    if message.startswith("{"):
        try:
            detail = orjson.loads(body).get("detail", message)
        except orjson.JSONDecodeError:
            detail = message
        message = detail if isinstance(detail, str) else orjson.dumps(detail).decode()
    elif message.startswith("<"):
        message = ""
    if status == 400 and message.startswith("Unable to locate"):
        # This deployment has not the model; another endpoint may have.
        return Failure(404, message)
    if status == 503:
        return Failure(_BUSY, message)
    return failures.failure(status, message)
