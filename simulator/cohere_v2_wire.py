"""Cohere's second chat API on the wire: named server-sent events, from message-start to
message-end.

Source: Cohere's API reference, "Chat with Streaming" v2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from simulator import logprobs
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.cohere_shared import counts, finish_of
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.sse import SseWire
from simulator.tokens import Piece
from simulator.writer import Part

Json = dict[str, Any]


class CohereV2Wire(SseWire):
    def __init__(self, ask: Ask, answer: Answer, directive: Directive) -> None:
        super().__init__(ask, answer, directive)
        self._id = new_id("{uuid}")
        self._finish = finish_of(answer, directive, tools="TOOL_CALL")
        self._plan = _plan(answer)

    # What the writer takes, in this order

    def opening(self) -> bytes:
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
        return self._event("message-start", id=self._id, delta={"message": message})

    def content(self) -> Iterator[Part]:
        if self.answer.calls:
            yield from self._call_parts()
            return
        start = {"message": {"content": {"type": "text", "text": ""}}}
        yield self._event("content-start", index=0, delta=start), 0
        for piece in self.answer.pieces:
            delta = {"message": {"content": {"text": piece[0]}}}
            beside = {"logprobs": _logprob(piece)} if self.ask.logprobs else {}
            yield self._event("content-delta", index=0, delta=delta, **beside), piece[1]
        yield self._event("content-end", index=0), 0

    def closing(self) -> Part:
        self.usage_sent = not self.directive.no_usage
        delta: Json = {"finish_reason": self._finish}
        if self.usage_sent:
            delta["usage"] = counts(self.answer, self.answer.completion_tokens)
        done = b"" if self.directive.no_done else b"data: [DONE]" + self.eol * 2
        return self._event("message-end", id=self._id, delta=delta) + done, 0

    def error(self, code: int) -> bytes:
        message = self.directive.message or "internal server error"
        return self._event("message-end", delta={"finish_reason": "ERROR", "error": message})

    def error_body(self, code: int) -> bytes:
        message = self.directive.message or "internal server error"
        return orjson.dumps({"id": self._id, "message": message})

    def garbage(self) -> bytes:
        return b'data: {"type": "content-delta", "delta": {"mess' + self.eol * 2

    def body(self) -> bytes:
        answer = self.answer
        self.usage_sent = not self.directive.no_usage
        message: Json = {"role": "assistant"}
        if answer.calls:
            message["tool_plan"] = self._plan
            message["tool_calls"] = [
                _call(new_id(f"{call.name}_{{alnum12}}"), call.name, call.arguments)
                for call in answer.calls
            ]
        else:
            message["content"] = [{"type": "text", "text": answer.text}]
        result: Json = {"id": self._id, "message": message, "finish_reason": self._finish}
        if self.usage_sent:
            result["usage"] = counts(answer, answer.completion_tokens)
        if self.ask.logprobs:
            result["logprobs"] = [_logprob(piece) for piece in answer.pieces]
        return orjson.dumps(result)

    # The pieces they are made of

    def _event(self, kind: str, **fields: Any) -> bytes:
        return self.event({"type": kind, **fields}, kind)

    def _call_parts(self) -> Iterator[Part]:
        yield self._event("tool-plan-delta", delta={"message": {"tool_plan": self._plan}}), 0
        for number, call in enumerate(self.answer.calls):
            whole = _call(new_id(f"{call.name}_{{alnum12}}"), call.name, "")
            delta: Json = {"message": {"tool_calls": whole}}
            yield self._event("tool-call-start", index=number, delta=delta), call.name_tokens
            for text, tokens in call.pieces:
                delta = {"message": {"tool_calls": {"function": {"arguments": text}}}}
                yield self._event("tool-call-delta", index=number, delta=delta), tokens
            yield self._event("tool-call-end", index=number), 0


def _call(identity: str, name: str, arguments: str) -> Json:
    function = {"name": name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


def _plan(answer: Answer) -> str:
    """Command models say what they are about to do."""
    names = " and ".join(call.name for call in answer.calls)
    return f"I will use {names}."


def _logprob(piece: Piece) -> Json:
    text = piece[0]
    return {"text": text, "token_ids": [len(text)], "logprobs": [logprobs.of_token(text)]}
