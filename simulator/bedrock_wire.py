"""Bedrock's Converse on the wire: Answer -> AWS's binary messages, or one JSON body.

Follows the API reference of ConverseStream and "Event stream encoding": each message has a prelude
with its checksum, headers that name it, a JSON payload, and a checksum of all. A text begins
without a start of its own; every payload is padded by `p`.
"""

from __future__ import annotations

import random
import string
import struct
from binascii import crc32
from collections.abc import Iterator
from typing import Any

import orjson

from simulator.answer import Answer, ToolCall
from simulator.ask import Ask
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.writer import Part

Json = dict[str, Any]

# Exceptions by the status they have outside a stream.
EXCEPTIONS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
    529: "ServiceUnavailableException",
}
_IN_STREAM = {
    400: "validationException",
    424: "modelStreamErrorException",
    429: "throttlingException",
    503: "serviceUnavailableException",
    529: "serviceUnavailableException",
}
_STOP_REASONS = {
    "end": "end_turn",
    "stop": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
}
_TEXT = 7
_PADDING = string.ascii_letters + string.digits


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message of AWS's event stream; the headers are ASCII."""
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _TEXT, len(value))
        + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    prelude = struct.pack("!II", 12 + len(head) + len(payload) + 4, len(head))
    data = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return data + struct.pack("!I", crc32(data))


class BedrockWire:
    stream_type = "application/vnd.amazon.eventstream"
    keep_alive: bytes | None = None

    def __init__(self, ask: Ask, answer: Answer, directive: Directive) -> None:
        self.ask = ask
        self.answer = answer
        self.directive = directive
        self.usage_sent = False

    # What the writer takes, in this order

    def comment(self, number: int) -> bytes:
        """There is nothing in such a stream that says nothing."""
        return b""

    def opening(self) -> bytes:
        return self._event("messageStart", {"role": "assistant"})

    def content(self) -> Iterator[Part]:
        for number, call in enumerate(self.answer.calls):
            use = self._tool_use(call)
            start = {"contentBlockIndex": number, "start": {"toolUse": use}}
            yield self._event("contentBlockStart", start), call.name_tokens
            for text, tokens in call.pieces:
                yield self._delta({"toolUse": {"input": text}}, number), tokens
            yield self._stop(number), 0
        for text, tokens in self.answer.pieces:
            yield self._delta({"text": text}), tokens

    def closing(self) -> Part:
        data = self._stop(0) if self.answer.pieces else b""
        data += self._event("messageStop", {"stopReason": self._reason})
        self.usage_sent = not self.directive.no_usage
        if self.usage_sent:
            data += self._event("metadata", self._figures())
        return data, 0

    def error(self, code: int) -> bytes:
        headers = {
            ":exception-type": _IN_STREAM.get(code, "internalServerException"),
            ":content-type": "application/json",
            ":message-type": "exception",
        }
        said = self.directive.message or f"The model failed with {code}."
        return message(headers, orjson.dumps({"message": said}))

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(error(code, self.directive.message or f"The model failed with {code}."))

    def garbage(self) -> bytes:
        payload = orjson.dumps({"contentBlockIndex": 0, "delta": {"text": " and"}})
        return message(_event_headers("contentBlockDelta"), payload[: len(payload) // 2])

    def body(self) -> bytes:
        content: list[Json] = [
            {"toolUse": {**self._tool_use(call), "input": call.parsed or {}}}
            for call in self.answer.calls
        ]
        if not self.answer.calls:
            content = [{"text": self.answer.text}]
        document: Json = {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": self._reason,
            **self._figures(),
        }
        self.usage_sent = not self.directive.no_usage
        if not self.usage_sent:
            del document["usage"]
        return orjson.dumps(document)

    # The pieces they are made of

    @property
    def _reason(self) -> str:
        return self.directive.finish or _STOP_REASONS[self.answer.finish]

    def _figures(self) -> Json:
        read, said = self.answer.prompt_tokens, self.answer.completion_tokens
        usage = {"inputTokens": read, "outputTokens": said, "totalTokens": read + said}
        return {"usage": usage, "metrics": {"latencyMs": 1000}}

    def _event(self, name: str, payload: Json) -> bytes:
        padding = _PADDING[: random.randrange(4, len(_PADDING))]
        return message(_event_headers(name), orjson.dumps({**payload, "p": padding}))

    def _delta(self, delta: Json, number: int = 0) -> bytes:
        return self._event("contentBlockDelta", {"contentBlockIndex": number, "delta": delta})

    def _stop(self, number: int) -> bytes:
        return self._event("contentBlockStop", {"contentBlockIndex": number})

    def _tool_use(self, call: ToolCall) -> Json:
        return {"toolUseId": new_id("tooluse_{alnum22}"), "name": call.name}


def _event_headers(name: str) -> dict[str, str]:
    return {
        ":event-type": name,
        ":content-type": "application/json",
        ":message-type": "event",
    }


def error(status: int, said: str, name: str = "") -> Json:
    """AWS names the exception in a header; its SDKs also read it here."""
    by_class = "InternalServerException" if status >= 500 else "ValidationException"
    return {"__type": name or EXCEPTIONS.get(status, by_class), "message": said}
