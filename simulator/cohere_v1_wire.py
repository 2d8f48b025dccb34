"""Cohere's first chat API on the wire: one JSON document a line, the last one with everything.

Source: Cohere's API reference, "Chat with Streaming" v1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.cohere_shared import counts, finish_of
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.writer import Part

Json = dict[str, Any]


class CohereV1Wire:
    stream_type = "application/stream+json"

    def __init__(self, ask: Ask, answer: Answer, directive: Directive) -> None:
        self.answer = answer
        self.directive = directive
        self.keep_alive: bytes | None = None
        self.usage_sent = False
        self._history = [_turn(message) for message in ask.messages]
        self._end_of_line = b"\r\n" if directive.crlf else b"\n"
        self._ids = {"response_id": new_id("{uuid}"), "generation_id": new_id("{uuid}")}
        self._finish = finish_of(answer, directive, tools="COMPLETE")

    # What the writer takes, in this order

    def comment(self, number: int) -> bytes:
        """There are none; an empty line says as little."""
        return self._end_of_line

    def opening(self) -> bytes:
        return self._event("stream-start", generation_id=self._ids["generation_id"])

    def content(self) -> Iterator[Part]:
        for text, tokens in self.answer.pieces:
            yield self._event("text-generation", text=text), tokens
        for number, call in enumerate(self.answer.calls):
            delta: Json = {"name": call.name, "index": number}
            yield self._event("tool-calls-chunk", tool_call_delta=delta), call.name_tokens
            for text, tokens in call.pieces:
                delta = {"index": number, "parameters": text}
                yield self._event("tool-calls-chunk", tool_call_delta=delta), tokens
        if calls := self._calls():
            yield self._event("tool-calls-generation", text="", tool_calls=calls), 0

    def closing(self) -> Part:
        self.usage_sent = not self.directive.no_usage
        return self._last(self._finish, self._response()), 0

    def error(self, code: int) -> bytes:
        return self._last("ERROR", {**self._ids, "text": "", "finish_reason": "ERROR"})

    def error_body(self, code: int) -> bytes:
        return orjson.dumps({"message": self.directive.message or "internal server error"})

    def garbage(self) -> bytes:
        whole = self._event("text-generation", text=" and")
        return whole[: len(whole) // 2] + self._end_of_line

    def body(self) -> bytes:
        self.usage_sent = not self.directive.no_usage
        return orjson.dumps({**self._response(), "finish_reason": self._finish})

    # The pieces they are made of

    def _event(self, kind: str, **fields: Any) -> bytes:
        document = {"is_finished": False, "event_type": kind, **fields}
        return orjson.dumps(document) + self._end_of_line

    def _last(self, finish: str, response: Json) -> bytes:
        document = {
            "is_finished": True,
            "event_type": "stream-end",
            "response": response,
            "finish_reason": finish,
        }
        return orjson.dumps(document) + self._end_of_line

    def _calls(self) -> list[Json]:
        """Only those whose parameters are whole."""
        return [
            {"name": call.name, "parameters": call.parsed}
            for call in self.answer.calls
            if call.parsed is not None
        ]

    def _response(self) -> Json:
        answer = self.answer
        said: Json = {"role": "CHATBOT", "message": answer.text}
        response: Json = {**self._ids, "text": answer.text, "chat_history": [*self._history, said]}
        if calls := self._calls():
            response["tool_calls"] = said["tool_calls"] = calls
        response["meta"] = {"api_version": {"version": "1"}}
        if not self.directive.no_usage:
            response["meta"] |= counts(answer, answer.completion_tokens)
        return response


def _turn(message: Any) -> Json:
    roles = {"user": "USER", "assistant": "CHATBOT", "system": "SYSTEM", "tool": "TOOL"}
    return {"role": roles[message["role"]], "message": message["content"]}
