"""TGI's native answers: an event for each token, the last one with the whole text and the details.

A model that ends by itself says so with a special token, which is no part of the text.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.errors import MESSAGES
from simulator.faults import Directive
from simulator.logprobs import of_token
from simulator.sse import SseWire
from simulator.writer import Part

Json = dict[str, Any]

_END_OF_TEXT = "</s>"
_FINISH_REASONS = {"length": "length", "stop": "stop_sequence"}
ERROR_TYPES = {422: "validation", 424: "generation", 429: "overloaded", 500: "generation"}


class TextWire(SseWire):
    data = b"data:"

    def __init__(self, ask: Ask, answer: Answer, directive: Directive) -> None:
        super().__init__(ask, answer, directive)
        self._index = 0
        self._finish = directive.finish or _FINISH_REASONS.get(answer.finish, "eos_token")

    def content(self) -> Iterator[Part]:
        pieces = self.answer.pieces
        for piece in pieces[:-1] if self._ends_with_text else pieces:
            yield self.event(self._token_event(self._token(piece[0]))), piece[1]

    def closing(self) -> Part:
        """The last token of all, with what it ends."""
        if self._ends_with_text:
            text, tokens = self.answer.pieces[-1]
            token = self._token(text)
        else:
            tokens, token = 0, {**self._token(_END_OF_TEXT), "special": True}
        event = self._token_event(token)
        event["generated_text"] = self.answer.text
        if not self.directive.no_usage:
            self.usage_sent = True
            event["details"] = {
                "finish_reason": self._finish,
                "generated_tokens": self.answer.completion_tokens,
                "input_length": self.answer.prompt_tokens,
                "seed": self.ask.seed,
            }
        return self.event(event), tokens

    def error(self, code: int) -> bytes:
        return self.event(self._error(code))

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(self._error(code))

    def garbage(self) -> bytes:
        return b'data:{"index":1,"token":{"id":' + self.eol * 2

    def body(self) -> bytes:
        result: Json = {"generated_text": self.answer.text}
        if self.ask.usage_asked and not self.directive.no_usage:
            self.usage_sent = True
            result["details"] = self._details()
        return orjson.dumps([result])

    @property
    def _ends_with_text(self) -> bool:
        return self._finish != "eos_token" and bool(self.answer.pieces)

    def _details(self) -> Json:
        tokens = [self._token(text) for text, _ in self.answer.pieces]
        details: Json = {
            "finish_reason": self._finish,
            "generated_tokens": self.answer.completion_tokens,
            "seed": self.ask.seed,
            "prefill": [],
            "tokens": tokens,
        }
        if self.ask.logprobs:
            details["top_tokens"] = [self._likeliest(token) for token in tokens]
        return details

    def _token_event(self, token: Json) -> Json:
        self._index += 1
        event = {"index": self._index, "token": token, "generated_text": None, "details": None}
        if self.ask.logprobs:
            event["top_tokens"] = self._likeliest(token)
        return event

    def _token(self, text: str) -> Json:
        return {
            "id": zlib.crc32(text.encode()) % 32_000,
            "text": text,
            "logprob": of_token(text),
            "special": False,
        }

    def _likeliest(self, token: Json) -> list[Json]:
        others = [
            {**token, "text": token["text"] + "s" * step, "logprob": token["logprob"] - step}
            for step in range(1, self.ask.top_logprobs)
        ]
        return [token, *others]

    def _error(self, code: int) -> Json:
        message = self.directive.message or MESSAGES.get(code, "error")
        return {"error": message, "error_type": ERROR_TYPES.get(code, "generation")}
