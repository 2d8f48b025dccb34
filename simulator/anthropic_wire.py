"""Anthropic's Messages on the wire: Answer -> the events of a stream, or one JSON body.

Follows the API reference, "Streaming messages": a start, blocks of text or of tool calls or of
thoughts with a start, deltas and a stop each, a delta with the stop reason, a stop. A ping comes
after the first block has begun.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from simulator import tokens
from simulator.answer import Answer, ToolCall
from simulator.ask import Ask
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.sse import SseWire
from simulator.writer import Part

Json = dict[str, Any]

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STOP_REASONS = {
    "end": "end_turn",
    "stop": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
}
_SAID = {529: "Overloaded", 500: "Internal server error"}
_THOUGHT_CHARACTERS_MAX = 200


def error(status: int, message: str | None) -> Json:
    """The body of an error, and the data of one within a stream."""
    by_class = "api_error" if status >= 500 else "invalid_request_error"
    kind = TYPES.get(status, by_class)
    said = message or _SAID.get(status, f"Error {status}")
    return {"type": "error", "error": {"type": kind, "message": said}}


class AnthropicWire(SseWire):
    def __init__(self, ask: Ask, answer: Answer, directive: Directive, *, thinks: bool) -> None:
        super().__init__(ask, answer, directive)
        self._id = new_id("msg_01{alnum22}")
        self._thought = tokens.pieces(_thought(ask)) if thinks else ()
        self._signature = new_id("EqQB{alnum64}==") if thinks else ""
        self._index = 0

    # What the writer takes, in this order

    def opening(self) -> bytes:
        message = self._message([], None, 1)
        return self._event("message_start", {"message": message})

    def content(self) -> Iterator[Part]:
        ping = self._event("ping", {})
        if self._thought:
            start = self._start({"type": "thinking", "thinking": "", "signature": ""}) + ping
            yield start, 0
            for text, number in self._thought:
                yield self._delta({"type": "thinking_delta", "thinking": text}), number
            yield self._delta({"type": "signature_delta", "signature": self._signature}), 0
            yield self._stop(), 0
            ping = b""
        for call in self.answer.calls:
            yield from self._call(call, ping)
            ping = b""
        if not self.answer.pieces:
            return
        head = self._start({"type": "text", "text": ""}) + ping
        before, after = self._seams()
        for text, number in self.answer.pieces:
            yield head + before + orjson.dumps(text) + after, number
            head = b""

    def closing(self) -> Part:
        data = self._stop() if self.answer.pieces else b""
        reason = {"stop_reason": self._reason, "stop_sequence": self._stop_sequence}
        ended: Json = {"delta": reason}
        self.usage_sent = not self.directive.no_usage
        if self.usage_sent:
            ended["usage"] = {"output_tokens": self._output_tokens}
        data += self._event("message_delta", ended)
        if not self.directive.no_done:
            data += self._event("message_stop", {})
        return data, 0

    def error(self, code: int) -> bytes:
        return self._event("error", error(code, self.directive.message))

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(error(code, self.directive.message))

    def garbage(self) -> bytes:
        return self.half(self._delta({"type": "text_delta", "text": " and"}))

    def body(self) -> bytes:
        blocks: list[Json] = []
        if self._thought:
            text = "".join(text for text, _ in self._thought)
            thought = {"type": "thinking", "thinking": text, "signature": self._signature}
            blocks.append(thought)
        if self.answer.pieces:
            blocks.append({"type": "text", "text": self.answer.text})
        for call in self.answer.calls:
            blocks.append({**self._tool_use(call), "input": call.parsed or {}})
        self.usage_sent = not self.directive.no_usage
        message = self._message(blocks, self._reason, self._output_tokens)
        return orjson.dumps({**message, "stop_sequence": self._stop_sequence})

    # The pieces they are made of

    @property
    def _reason(self) -> str:
        return self.directive.finish or _STOP_REASONS[self.answer.finish]

    @property
    def _stop_sequence(self) -> str | None:
        # Which of several it was, the answer does not say.
        return self.ask.stop[0] if self.answer.finish == "stop" else None

    @property
    def _output_tokens(self) -> int:
        return self.answer.completion_tokens + sum(number for _, number in self._thought)

    def _message(self, content: list[Json], reason: str | None, output_tokens: int) -> Json:
        message: Json = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self.ask.model,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
        }
        if not self.directive.no_usage:
            message["usage"] = {
                "input_tokens": self.answer.prompt_tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": output_tokens,
            }
        return message

    def _event(self, name: str, data: Json) -> bytes:
        return self.event({"type": name, **data}, name)

    def _start(self, block: Json) -> bytes:
        data = {"index": self._index, "content_block": block}
        return self._event("content_block_start", data)

    def _delta(self, delta: Json) -> bytes:
        return self._event("content_block_delta", {"index": self._index, "delta": delta})

    def _stop(self) -> bytes:
        self._index += 1
        return self._event("content_block_stop", {"index": self._index - 1})

    def _seams(self) -> list[bytes]:
        """A delta, cut where its text goes: much cheaper than to encode each one."""
        marker = new_id("{hex32}")
        delta = self._delta({"type": "text_delta", "text": marker})
        return delta.split(b'"%b"' % marker.encode())

    def _tool_use(self, call: ToolCall) -> Json:
        return {"type": "tool_use", "id": new_id("toolu_01{alnum22}"), "name": call.name}

    def _call(self, call: ToolCall, ping: bytes) -> Iterator[Part]:
        start = self._start({**self._tool_use(call), "input": {}}) + ping
        first = self._delta({"type": "input_json_delta", "partial_json": ""})
        yield start + first, call.name_tokens
        for text, number in call.pieces:
            yield self._delta({"type": "input_json_delta", "partial_json": text}), number
        yield self._stop(), 0


def _thought(ask: Ask) -> str:
    return f"The question is: {ask.question[:_THOUGHT_CHARACTERS_MAX]} Let me think about it."
