"""Replicate: a prediction is created, then its stream is read or it is asked for until it is done.

A language model there takes one prompt. We apply the model's template ourselves, so that a dialogue
keeps its turns, and say that nothing is to be put around it (`prompt_template`). Token counts are
in the metrics of a finished prediction; a stream has none, and no finish reason.
Source: Replicate's HTTP API reference and its Python client.
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
from routing.request import ChatRequest

TAKES_IMAGES = False
_STOPS_MAX = 16
_POLL_FIRST_S, _POLL_MAX_S = 0.25, 1.0
_AS_IT_IS = "{prompt}"


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    rendered = prompt_of(request, endpoint)
    asked = openai_format.parameters(request, endpoint)
    given: dict[str, Any] = {"prompt": rendered.prompt, "prompt_template": _AS_IT_IS}
    stop = endpoint.provider.parameter_renames.get("stop", "stop")
    given |= {name: value for name, value in asked.items() if name != stop}
    if "temperature" in given:
        given["temperature"] = max(given["temperature"], 0.01)
    # They are one text, cut at its commas.
    stops = [stop for stop in stops_of(request, rendered, _STOPS_MAX) if "," not in stop]
    if stops:
        given["stop_sequences"] = ",".join(stops)
    if max_tokens is not None:
        given[_name_of_max_tokens(endpoint)] = max(1, max_tokens)
    body: dict[str, Any] = {"input": given}
    path = "/models/{model}/predictions"
    _, _, version = endpoint.upstream_model.partition(":")
    if version:
        # Only official models may be asked without naming a version.
        body["version"], path = version, "/predictions"
    if request.stream:
        body["stream"] = True
    return Sent(path, orjson.dumps(body), request.stream)


def _name_of_max_tokens(endpoint: Endpoint) -> str:
    """Llama 2 has a name of its own for it."""
    usual = "max_new_tokens" if "llama-2" in endpoint.upstream_model else "max_tokens"
    return endpoint.provider.parameter_renames.get("max_tokens", usual)


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """A prediction as JSON, or an event of its stream with its name on the first line."""
    if event[:1] == b"{":
        return _prediction(orjson.loads(event), turn)
    name, _, data = event.partition(b"\n")
    if name == b"output":
        return Chunk(data.decode()) if data else None
    if name == b"error":
        return Chunk(failure=_failure(_words_of(data)))
    if name != b"done":
        return None  # logs, and whatever may come
    reason = orjson.loads(data or b"{}").get("reason")
    turn.cancel_request = None
    if reason:
        return Chunk(failure=_failure(f"the prediction ended with {reason}"))
    turn.native_finish_reason = "done"
    turn.is_done = True
    return Chunk(finish_reason="stop", native_finish_reason="done")


def _prediction(document: dict[str, Any], turn: Turn) -> Chunk | None:
    status = document["status"]
    turn.upstream_id = str(document["id"])
    if status == "succeeded":
        return _succeeded(document, turn)
    if status in ("failed", "canceled", "aborted"):
        turn.cancel_request = None
        return Chunk(failure=_failure(str(document.get("error") or f"the prediction was {status}")))
    urls = document["urls"]
    turn.cancel_request = Sent(_address(urls["cancel"]), b"", stream=False)
    if turn.stream and urls.get("stream"):
        address = _address(urls["stream"])
        turn.next_request = Sent(address, b"", stream=True, framing="named-sse", method="GET")
    else:
        wait_s = turn.memory["wait_s"] = min(
            _POLL_MAX_S, 1.5 * turn.memory.get("wait_s", _POLL_FIRST_S / 1.5)
        )
        address = _address(urls["get"])
        turn.next_request = Sent(address, b"", stream=False, method="GET", wait_s=wait_s)
    return None


def _address(url: Any) -> str:
    if not isinstance(url, str) or not url:
        raise TypeError("a prediction without an address")
    return url


def _succeeded(document: dict[str, Any], turn: Turn) -> Chunk:
    output = document.get("output") or ""
    text = output if isinstance(output, str) else "".join(output)
    metrics = document.get("metrics") or {}
    prompt, completion = (figure(metrics.get(f"{n}_token_count")) for n in ("input", "output"))
    if prompt is not None and completion is not None:
        turn.usage = Usage(prompt, completion)
    turn.native_finish_reason = "succeeded"
    turn.is_done, turn.cancel_request = True, None
    return Chunk(
        text,
        finish_reason="length" if _is_full(document, completion) else "stop",
        native_finish_reason="succeeded",
    )


def _is_full(document: dict[str, Any], completion: int | None) -> bool:
    """Whether all tokens that we asked for are there: the prediction repeats its input."""
    given = document.get("input") or {}
    limit = figure(given.get("max_tokens") or given.get("max_new_tokens"))
    return limit is not None and completion is not None and completion >= limit


def _words_of(data: bytes) -> str:
    """An error event is plain text, or problem details as JSON."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = None
    said = found.get("detail") if isinstance(found, dict) else None
    return str(said) if said else data.decode("utf-8", "replace")


def _failure(message: str, status: int = 502) -> Failure:
    """E005: the model's moderation found something. A prompt that is too long is said in words."""
    words = message.lower()
    if "e005" in words or "flagged as sensitive" in words:
        return failures.failure(400, message, code=failures.MODERATION)
    if "prompt length exceeds" in words or "maximum input length" in words:
        return Failure(400, message, permanent=True, kind=failures.CONTEXT_LENGTH)
    return failures.failure(status, message)


def decode_error(status: int, body: bytes) -> Failure:
    """Problem details (RFC 7807): `{"title", "detail", "status"}`."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failure(status, "")
    if not isinstance(document, dict):
        return Failure(status, "")
    said = document.get("detail") or document.get("title") or ""
    found = _failure(said if isinstance(said, str) else orjson.dumps(said).decode(), status)
    wait_s = document.get("retry_after")
    if isinstance(wait_s, int | float) and wait_s >= 0:
        found.retry_after_s = float(wait_s)
    return found
