"""What a dialect takes and gives: the values between the engine and the providers' protocols.

The one internal currency is the Chunk, an OpenAI `chat.completion.chunk` reduced to what matters.
An answer that is not streamed is a stream of one Chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from routing.formats.contents import nests_deeper


@dataclass(slots=True)
class Usage:
    """Tokens as the provider counted them (native)."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(slots=True)
class Failure:
    """The provider failed: `status` as in HTTP, `message` its words (not yet masked).

    `retry_after_s` when it said so. `permanent` when the request is at fault and the same endpoint
    would refuse it again. `kind` (routing.failures) tells the two cases apart in which another
    endpoint may do better: "context_length", and "moderation" with its `reasons` and, where it is
    known, the text that was flagged. `is_own`: a key of the caller's own was used.
    """

    status: int
    message: str
    retry_after_s: float | None = None
    permanent: bool = False
    kind: str = ""
    reasons: tuple[str, ...] = ()
    flagged_input: str = field(default="", repr=False)
    is_own: bool = False


@dataclass(slots=True)
class Chunk:
    """A piece of an answer. `text` is the common case; `delta` holds anything beside it.

    `delta` has OpenAI's keys without role and content: tool_calls, reasoning, refusal, ... .
    """

    text: str = ""
    delta: dict[str, Any] | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None
    failure: Failure | None = None


def check(chunk: Chunk) -> None:
    """Raises TypeError for what could be neither counted nor put together nor written."""
    delta = chunk.delta or {}
    if nests_deeper([delta, chunk.logprobs]):
        raise TypeError("an answer that nests too deep")
    for call in delta.get("tool_calls") or ():
        if type(call["index"]) is not int:
            raise TypeError("the number of a tool call is none")
        if any(not isinstance(text or "", str) for text in (call.get("function") or {}).values()):
            raise TypeError("what a tool call says is not text")


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """All of an answer as one chunk; the pieces of a tool call are put together by its index."""
    if len(chunks) == 1:
        return chunks[0]
    delta: dict[str, Any] = {}
    calls: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for key, value in (chunk.delta or {}).items():
            if key == "tool_calls":
                _join_calls(calls, value)
            elif isinstance(value, str | list) and type(delta.get(key)) is type(value):
                delta[key] += value
            else:
                delta[key] = value
    if calls:
        delta["tool_calls"] = [calls[index] for index in sorted(calls)]
    last = next((chunk for chunk in reversed(chunks) if chunk.finish_reason), Chunk())
    logged = [chunk.logprobs for chunk in chunks if chunk.logprobs]
    return Chunk(
        text="".join(chunk.text for chunk in chunks),
        delta=delta or None,
        finish_reason=last.finish_reason,
        native_finish_reason=last.native_finish_reason,
        logprobs=logged[0] if logged else None,
    )


def _join_calls(calls: dict[int, dict[str, Any]], pieces: list[dict[str, Any]]) -> None:
    for piece in pieces:
        call = calls.setdefault(piece["index"], {**piece, "function": {}})
        for name, text in (piece.get("function") or {}).items():
            call["function"][name] = call["function"].get(name, "") + (text or "")


@dataclass(slots=True)
class Sent:
    """A request for a provider, before its credential: a dialect's `encode` makes a new one for
    each attempt.

    `path` is appended to the provider's base URL; an absolute URL must lead to the same provider.
    `body` is JSON. `framing` (routing.framing) is how a stream is cut into events. `wait_s`: sent
    only after so many seconds.
    """

    path: str
    body: bytes
    stream: bool
    framing: str = "sse"
    method: str = "POST"
    wait_s: float = 0.0


@dataclass(slots=True)
class Turn:
    """What a dialect remembers between the events of one answer; `memory` is for it alone.

    `next_request`: the answer continues in the answer to this request. `cancel_request`: what stops
    a provider that does not notice when we close the connection. `at_end`: what is said when the
    stream ends, where a protocol has no word for it (PaLM 2).
    """

    stream: bool
    is_done: bool = False
    upstream_id: str = ""
    system_fingerprint: str | None = None
    native_finish_reason: str | None = None
    usage: Usage | None = None
    next_request: Sent | None = None
    cancel_request: Sent | None = None
    at_end: Chunk | None = None
    memory: dict[str, Any] = field(default_factory=dict)
