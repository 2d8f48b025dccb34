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
from simulator.provider import Provider
from simulator.sse import SseWire
from simulator.tokens import Piece
from simulator.writer import Part

Json = dict[str, Any]

_CATEGORIES = ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")
_FINISHES = {"end": "STOP", "stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
_FILTERED = frozenset(("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"))
# Small words a test may use for what Google writes in capitals.
_FINISH_WORDS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


class GoogleWire(SseWire):
    """Server-sent events, or the entries of a JSON array; errors as everywhere at Google."""

    def __init__(
        self,
        provider: Provider,
        ask: Ask,
        answer: Answer,
        directive: Directive,
        *,
        is_array: bool = False,
    ) -> None:
        super().__init__(ask, answer, directive, provider.eol)
        self._is_array = is_array
        self._begun = False
        if is_array:
            self.stream_type = "application/json; charset=UTF-8"

    def event(self, document: Any, name: str = "") -> bytes:
        if not self._is_array:
            return super().event(document, name)
        separator = b"\n,\r\n" if self._begun else b"["
        self._begun = True
        return separator + orjson.dumps(document)

    def comment(self, number: int) -> bytes:
        return b"\n" if self._is_array else super().comment(number)

    def error(self, code: int) -> bytes:
        return self.event(event_of(code, self.directive.message))

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(event_of(code, self.directive.message))

    def garbage(self) -> bytes:
        return self.half(self.event({"candidates": [{"content": {"parts": [{"text": " and"}]}}]}))


class GeminiWire(GoogleWire):
    """`counts_each`: the tokens so far are in each event and not in the last alone."""

    def __init__(
        self,
        provider: Provider,
        ask: Ask,
        answer: Answer,
        directive: Directive,
        *,
        is_array: bool,
        counts_each: bool,
    ) -> None:
        super().__init__(provider, ask, answer, directive, is_array=is_array)
        self._counts_each = counts_each
        self._tokens = 0
        finish = directive.finish
        self._finish = _FINISH_WORDS.get(finish, finish) if finish else _FINISHES[answer.finish]
        self._tail = {"modelVersion": ask.model, "responseId": new_id("{alnum22}")}

    # What the writer takes, in this order

    def content(self) -> Iterator[Part]:
        if self.answer.calls:
            yield self._calls()
            return
        for piece in self.answer.pieces:
            self._tokens += piece[1]
            candidate = self._candidate([{"text": piece[0]}], (piece,))
            yield self.event(self._response(candidate)), piece[1]

    def closing(self) -> Part:
        candidate = {**self._candidate([{"text": ""}]), **self._ending()}
        self.usage_sent = not self.directive.no_usage
        end = b"\n]\n" if self._is_array else b""
        return self.event(self._response(candidate, is_last=True)) + end, 0

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
        return self.event(self._response(self._candidate(parts))), number

    def _call_parts(self) -> list[Json]:
        """A call that ran out of tokens never comes: there are no halves of one here."""
        return [
            {"functionCall": {"name": call.name, "args": call.parsed}}
            for call in self.answer.calls
            if call.parsed is not None
        ]

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
