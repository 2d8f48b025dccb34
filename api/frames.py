"""The bytes of an answer: SSE frames of a stream, or one JSON document.

Shapes: seed (section Responses) plus what strict clients of today require (spec/decisions.md). A
frame of plain text, the common case, is three joins and one JSON string; no object is made of it.
"""

from __future__ import annotations

import time
from typing import Any

import orjson

from openrouter_site.errors import ApiError
from routing.chunk import Chunk
from routing.exchange import Exchange
from routing.formats.logprobs import as_content, as_lists
from routing.sse import DONE, frame


class Frames:
    """Frames of one stream. `completion`: the legacy shape with `text` instead of a delta."""

    __slots__ = ("_base", "_completion", "_exchange", "_head", "_tail")

    def __init__(self, exchange: Exchange, *, completion: bool) -> None:
        self._completion = completion
        self._exchange = exchange
        self._base = {
            "id": exchange.id,
            "provider": exchange.provider_name,
            "model": exchange.model_id,
            "object": "text_completion" if completion else "chat.completion.chunk",
            "created": int(time.time()),
            "system_fingerprint": exchange.system_fingerprint,
        }
        opening = (
            b',"choices":[{"index":0,"text":'
            if completion
            else b',"choices":[{"index":0,"delta":{"role":"assistant","content":'
        )
        ending = b',"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}\n\n'
        self._head = b"data: " + orjson.dumps(self._base)[:-1] + opening
        self._tail = ending if completion else b"}" + ending

    def chunks(self, chunks: list[Chunk]) -> bytes:
        """All that arrived in one read."""
        return b"".join([self.chunk(chunk) for chunk in chunks])

    def chunk(self, chunk: Chunk) -> bytes:
        if chunk.finish_reason is None and chunk.delta is None and chunk.logprobs is None:
            return self._head + orjson.dumps(chunk.text) + self._tail
        said = {"role": "assistant", "content": chunk.text, **(chunk.delta or {})}
        choice: dict[str, Any] = {
            "index": 0,
            **({"text": chunk.text} if self._completion else {"delta": said}),
            "finish_reason": chunk.finish_reason,
            "native_finish_reason": chunk.native_finish_reason,
            "logprobs": _logprobs(chunk, completion=self._completion),
        }
        return frame(orjson.dumps({**self._base, "choices": [choice]}))

    def ending(self, usage: dict[str, Any]) -> bytes:
        """The usage with empty choices (seed), then [DONE]: only after the money is settled."""
        document = {**self._base, "choices": [], "usage": usage, **self._metadata()}
        return frame(orjson.dumps(document)) + DONE

    def _metadata(self) -> dict[str, Any]:
        metadata = self._exchange.metadata()
        return {"openrouter_metadata": metadata} if metadata else {}

    def error(self, error: ApiError) -> bytes:
        """An error after the stream began; nothing follows it (design/streaming.md)."""
        said = {"text": ""} if self._completion else {"delta": {"role": "assistant", "content": ""}}
        choice = {"index": 0, **said, "finish_reason": "error", "native_finish_reason": None}
        document = {**self._base, **error.body(), "choices": [choice], **self._metadata()}
        return frame(orjson.dumps(document))


def _logprobs(chunk: Chunk, *, completion: bool) -> dict[str, Any] | None:
    """In the shape of the API that was called, whichever the provider was asked by."""
    if chunk.logprobs is None:
        return None
    return as_lists(chunk.logprobs) if completion else as_content(chunk.logprobs)


def whole(exchange: Exchange, chunk: Chunk, *, completion: bool) -> bytes:
    """The document of an answer that is not streamed."""
    choice: dict[str, Any] = {"index": 0}
    if completion:
        choice["text"] = chunk.text
    else:
        choice["message"] = {
            "role": "assistant",
            "content": chunk.text or (None if chunk.delta else ""),
            "refusal": None,
            "reasoning": None,
            **(chunk.delta or {}),
        }
    choice |= {
        "finish_reason": chunk.finish_reason,
        "native_finish_reason": chunk.native_finish_reason,
        "logprobs": _logprobs(chunk, completion=completion),
    }
    metadata = exchange.metadata()
    return orjson.dumps(
        {
            "id": exchange.id,
            "provider": exchange.provider_name,
            "model": exchange.model_id,
            "object": "text_completion" if completion else "chat.completion",
            "created": int(time.time()),
            "system_fingerprint": exchange.system_fingerprint,
            "choices": [choice],
            "usage": exchange.usage,
            **({"openrouter_metadata": metadata} if metadata else {}),
        }
    )
