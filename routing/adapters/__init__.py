"""The dialects: how providers speak. A new one is a file here and a line in DIALECTS.

A dialect is a module with three pure functions:

    encode(request, endpoint, max_tokens) -> Sent
    decode(event, turn) -> Chunk | None
    decode_error(status, body) -> Failure

and, where it is so: `NEEDS_IMAGE_BYTES = True` (pictures must be sent, not linked), or
`TAKES_IMAGES = False`.
"""

from __future__ import annotations

from typing import Protocol

from catalog.snapshot import Endpoint
from routing.adapters import (
    anthropic,
    azure,
    bedrock,
    cohere,
    cohere_v2,
    google,
    openai,
    replicate,
    runner,
    runner_objects,
    tgi,
)
from routing.chunk import Chunk, Failure, Sent, Turn
from routing.request import ChatRequest


class Dialect(Protocol):
    def encode(self, request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent: ...

    def decode(self, event: bytes, turn: Turn) -> Chunk | None: ...

    def decode_error(self, status: int, body: bytes) -> Failure: ...


DIALECTS: dict[str, Dialect] = {
    "openai": openai,
    "cohere": cohere,
    "cohere-v2": cohere_v2,
    "google-vertex": google,
    "google-gemini": google,
    "anthropic": anthropic,
    "bedrock": bedrock,
    "azure-openai": azure,
    "replicate": replicate,
    "huggingface-tgi": tgi,
    "openrouter-runner": runner,
}

# How those that make 3D objects are asked (routing.media), by the dialect of their texts.
MEDIA_DIALECTS: dict[str, Dialect] = {"openrouter-runner": runner_objects}
