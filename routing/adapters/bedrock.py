"""The Bedrock dialect: AWS's Converse API, one shape for all the models that AWS serves.

Source: AWS, Amazon Bedrock API reference (Converse, ConverseStream) and botocore's service model of
`bedrock-runtime`. The model stands in the path; a stream is AWS's own
(routing/formats/event_stream.py).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn, Usage
from routing.formats import content_blocks, converse_request
from routing.formats.contents import figure
from routing.request import ChatRequest

Document = dict[str, Any]

# Converse fetches nothing but from S3.
NEEDS_IMAGE_BYTES = True

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}
# What ends a stream, with the status it would have had; 408 would be our own deadline, and 424 (the
# model failed, behind AWS) tells our callers nothing.
_STATUSES = {
    "validation": 400,
    "unrecognizedclient": 403,
    "accessdenied": 403,
    "resourcenotfound": 404,
    "throttling": 429,
    "modelnotready": 429,
    "internalserver": 500,
    "modelstreamerror": 502,
    "modelerror": 502,
    "serviceunavailable": 503,
    "modeltimeout": 504,
}


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """A new request for this endpoint. `max_tokens` is what the hold covers; None: no bound."""
    model = endpoint.upstream_model
    supported, unsupported = endpoint.supported_parameters, endpoint.provider.unsupported_parameters
    given = {
        name: value
        for name, value in request.parameters.items()
        if name in supported and name not in unsupported
    }
    messages = request.messages or ({"role": "user", "content": request.prompt or ""},)
    body = converse_request.body(messages, given, model, max_tokens)
    call = "converse-stream" if request.stream else "converse"
    path = f"/model/{quote(model, safe='')}/{call}"
    return Sent(path, orjson.dumps(body), request.stream, "aws")


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """One event of a stream, or the whole body of an answer; None when it says nothing.

    Raises ValueError when it is not JSON, KeyError, TypeError, IndexError or AttributeError when it
    is not an answer.
    """
    if event.startswith(b"{"):
        return _whole(orjson.loads(event), turn)
    head, _, payload = event.partition(b"\n")
    kind = head.decode()
    if kind.startswith("error "):
        return Chunk(failure=_failure_of(payload.decode(), kind.removeprefix("error "), 0))
    document = orjson.loads(payload)
    if kind.startswith("exception "):
        return Chunk(failure=_failure_of(document, kind.removeprefix("exception "), 0))
    if kind == "contentBlockDelta":
        return _delta(document["delta"], document["contentBlockIndex"], turn)
    if kind == "contentBlockStart":
        index, start = document["contentBlockIndex"], document["start"]
        if (use := start.get("toolUse")) is None:
            return None
        return content_blocks.call(index, use["toolUseId"], use["name"], "", turn)
    if kind == "contentBlockStop":
        return content_blocks.stopped(document["contentBlockIndex"], turn)
    if kind == "messageStop":
        return _finished(Chunk(), document["stopReason"], turn)
    if kind == "metadata":
        turn.usage = _usage(document.get("usage") or {})
        turn.is_done = True
    # messageStart tells the role, and that is known.
    return None


def _whole(document: Document, turn: Turn) -> Chunk:
    if "output" not in document and ("message" in document or "__type" in document):
        return Chunk(failure=_failure_of(document, str(document.get("__type")), 0))
    chunks = []
    for index, block in enumerate(document["output"]["message"]["content"]):
        if (use := block.get("toolUse")) is not None:
            chunk: Chunk | None = content_blocks.whole_call(
                index, use["toolUseId"], use["name"], use["input"], turn
            )
        elif (thought := block.get("reasoningContent")) is not None:
            chunk = _thought(thought.get("reasoningText") or thought, index)
        else:
            chunk = _delta(block, index, turn)
        if chunk is not None:
            chunks.append(chunk)
    turn.usage = _usage(document.get("usage") or {})
    return _finished(content_blocks.joined(chunks), document["stopReason"], turn)


def _delta(delta: Document, index: int, turn: Turn) -> Chunk | None:
    if "text" in delta:
        return content_blocks.said(delta["text"])
    if "toolUse" in delta:
        return content_blocks.call_arguments(index, delta["toolUse"]["input"], turn)
    if "reasoningContent" in delta:
        return _thought(delta["reasoningContent"], index)
    return None


def _thought(thought: Document, index: int) -> Chunk | None:
    return content_blocks.thought(
        index,
        text=thought.get("text") or "",
        signature=thought.get("signature") or "",
        data=thought.get("redactedContent") or "",
    )


def _finished(chunk: Chunk, native: Any, turn: Turn) -> Chunk:
    reason = content_blocks.words(native)
    turn.native_finish_reason = chunk.native_finish_reason = reason
    chunk.finish_reason = _FINISH_REASONS.get(reason, "stop")
    return chunk


def _usage(usage: Document) -> Usage | None:
    """`inputTokens` are those that were neither read from the cache nor written to it."""
    prompt, completion = figure(usage.get("inputTokens")), figure(usage.get("outputTokens"))
    if prompt is None or completion is None:
        return None
    cached = figure(usage.get("cacheReadInputTokens")) or 0
    written = figure(usage.get("cacheWriteInputTokens")) or 0
    return Usage(prompt + cached + written, completion, cached_tokens=cached)


def decode_error(status: int, body: bytes) -> Failure:
    """The answer of a provider that refused: its words, and whether another could do better."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failure(status, "", permanent=False)
    return _failure_of(document, "", 502 if status == 424 else status)


def _failure_of(document: Any, kind: str, status: int) -> Failure:
    """`kind` is AWS's name for it, and tells the status where it is 0: within a 200."""
    error = document if isinstance(document, dict) else {"message": document}
    # Gateways before it speak of errors as OpenAI does; AWS's own write "Message".
    error = error["error"] if isinstance(error.get("error"), dict) else error
    message = error.get("message") or error.get("Message") or ""
    message = message if isinstance(message, str) else orjson.dumps(message).decode()
    name = kind.rpartition("#")[2].removesuffix("Exception").lower()
    status = status or _STATUSES.get(name, 502)
    return failures.failure(status, message, reasons=content_blocks.flagged(error))
