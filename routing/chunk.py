"""What a dialect takes and gives: the values between the engine and the providers' protocols.

The one internal currency is the Chunk, an OpenAI `chat.completion.chunk` reduced to what matters.
An answer that is not streamed is a stream of one Chunk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
    endpoint may do better: "moderation", with what was flagged in `reasons`, and "context_length".
    """

    status: int
    message: str
    retry_after_s: float | None = None
    permanent: bool = False
    kind: str = ""
    reasons: tuple[str, ...] = ()


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
    a provider that does not notice when we close the connection.
    """

    stream: bool
    is_done: bool = False
    upstream_id: str = ""
    system_fingerprint: str | None = None
    native_finish_reason: str | None = None
    usage: Usage | None = None
    next_request: Sent | None = None
    cancel_request: Sent | None = None
    memory: dict[str, Any] = field(default_factory=dict)
