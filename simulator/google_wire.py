"""Gemini on the wire: each event of a stream is a whole `GenerateContentResponse`.

With `?alt=sse` events are server-sent ones with CRLF; without, they are the entries of one JSON
array. A function call comes whole. Source: API references; the Gemini API counts tokens in each
event, Vertex AI in the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from simulator import logprobs
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.faults import Directive
from simulator.google_errors import event_of
from simulator.ids import new_id
from simulator.providers import Provider
from simulator.tokens import Piece
from simulator.writer import SSE_TYPE

Json = dict[str, Any]
Part = tuple[bytes, int]

_CATEGORIES = ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")
_FINISHES = {"end": "STOP", "stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
_FILTERED = frozenset(("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"))
# Small words a test may use for what Google writes in capitals.
_FINISH_WORDS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


class EventFraming:
    """Server-sent events, or the entries of a JSON array."""

    def __init__(self, provider: Provider, directive: Directive, *, is_array: bool) -> None:
        self._end = (b"\r\n" if directive.crlf else provider.eol) * 2
        self._is_array = is_array
        self._begun = False
        self.stream_type = "application/json; charset=UTF-8" if is_array else SSE_TYPE

    def event(self, value: Json) -> bytes:
        data = orjson.dumps(value)
        if not self._is_array:
            return b"data: " + data + self._end
        separator = b"\n,\r\n" if self._begun else b"["
        self._begun = True
        return separator + data

    def comment(self, number: int) -> bytes:
        return b"\n" if self._is_array else b": comment %d" % number + self._end

    def end(self) -> bytes:
        return b"\n]\n" if self._is_array else b""

    def garbage(self) -> bytes:
        whole = orjson.dumps({"candidates": [{"content": {"parts": [{"text": " and"}]}}]})
        return b"data: " + whole[: len(whole) // 2] + self._end

    def error(self, code: int, message: str | None) -> bytes:
        return self.event(event_of(code, message))


class GeminiWire:
    def __init__(
        self,
        provider: Provider,
        ask: Ask,
        answer: Answer,
        directive: Directive,
        *,
        is_array: bool,
    ) -> None:
        self.ask = ask
        self.answer = answer
        self.directive = directive
        self.keep_alive: bytes | None = None
        self.usage_sent = False
        self._framing = EventFraming(provider, directive, is_array=is_array)
        self.stream_type = self._framing.stream_type
        self._counts_each = "authorization" not in provider.auth_headers
        self._tokens = 0
        finish = directive.finish
        self._finish = _FINISH_WORDS.get(finish, finish) if finish else _FINISHES[answer.finish]
        self._tail = {"modelVersion": ask.model, "responseId": new_id("{alnum22}")}

    # What the writer takes, in this order

    def comment(self, number: int) -> bytes:
        return self._framing.comment(number)

    def opening(self) -> bytes:
        return b""

    def content(self) -> Iterator[Part]:
        if self.answer.calls:
            yield self._calls()
            return
        for piece in self.answer.pieces:
            self._tokens += piece[1]
            candidate = self._candidate([{"text": piece[0]}], (piece,))
            yield self._framing.event(self._response(candidate)), piece[1]

    def closing(self) -> Part:
        candidate = {**self._candidate([{"text": ""}]), **self._ending()}
        self.usage_sent = not self.directive.no_usage
        return self._framing.event(self._response(candidate, is_last=True)) + self._framing.end(), 0

    def error(self, code: int) -> bytes:
        return self._framing.error(code, self.directive.message)

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(event_of(code, self.directive.message))

    def garbage(self) -> bytes:
        return self._framing.garbage()

    def body(self) -> bytes:
        answer = self.answer
        self._tokens = answer.completion_tokens
        self.usage_sent = not self.directive.no_usage
        parts = self._call_parts() if answer.calls else [{"text": answer.text}]
        candidate = {**self._candidate(parts, answer.pieces), **self._ending()}
        return orjson.dumps(self._response(candidate, is_last=True))

    # The pieces they are made of

    def _calls(self) -> Part:
        number = self.answer.completion_tokens
        self._tokens += number
        parts = self._call_parts()
        if not parts:
            return b"", number
        return self._framing.event(self._response(self._candidate(parts))), number

    def _call_parts(self) -> list[Json]:
        """A call that ran out of tokens never comes: there are no halves of one here."""
        whole = []
        for call in self.answer.calls:
            try:
                arguments = orjson.loads(call.arguments)
            except orjson.JSONDecodeError:
                continue
            whole.append({"functionCall": {"name": call.name, "args": arguments}})
        return whole

    def _candidate(self, parts: list[Json], pieces: tuple[Piece, ...] = ()) -> Json:
        candidate: Json = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if self.ask.logprobs and pieces:
            candidate["logprobsResult"] = _logprobs(pieces, self.ask.top_logprobs)
        return candidate

    def _ending(self) -> Json:
        ending: Json = {"finishReason": self._finish}
        if self._finish in _FILTERED:
            ending["safetyRatings"] = [
                {"category": f"HARM_CATEGORY_{name}", "probability": "HIGH", "blocked": True}
                for name in _CATEGORIES[:1]
            ]
        return ending

    def _response(self, candidate: Json, *, is_last: bool = False) -> Json:
        response: Json = {"candidates": [candidate]}
        if (is_last or self._counts_each) and not self.directive.no_usage:
            response["usageMetadata"] = {
                "promptTokenCount": self.answer.prompt_tokens,
                "candidatesTokenCount": self._tokens,
                "totalTokenCount": self.answer.prompt_tokens + self._tokens,
            }
        return response | self._tail


def _logprobs(pieces: tuple[Piece, ...], top: int) -> Json:
    found = logprobs.of_pieces(pieces, top, by_content=True)["content"]
    result: Json = {"chosenCandidates": [_logprob(entry) for entry in found]}
    if top:
        result["topCandidates"] = [
            {"candidates": [_logprob(each) for each in entry["top_logprobs"]]} for entry in found
        ]
    return result


def _logprob(entry: Json) -> Json:
    return {"token": entry["token"], "logProbability": entry["logprob"]}
