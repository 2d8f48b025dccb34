"""The OpenAI dialect on the wire: Answer -> the bytes of a stream, or of one JSON body.

Follows OpenAI's API reference for `chat.completion`, `chat.completion.chunk` and
`text_completion`; where a provider departs from it, its row says so.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from typing import Any

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.errors import Refused, event_of
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.logprobs import of_pieces
from simulator.provider import Provider
from simulator.sse import SseWire
from simulator.tokens import Piece
from simulator.usage import usage_of
from simulator.writer import Part

Json = dict[str, Any]


class OpenAIWire(SseWire):
    """One answer in the words of one provider. The writer decides when each part goes out."""

    def __init__(self, provider: Provider, ask: Ask, answer: Answer, directive: Directive) -> None:
        super().__init__(ask, answer, directive, provider.eol)
        self.provider = provider
        self.data = provider.data
        self.keep_alive = provider.keep_alive + self.eol * 2 if provider.keep_alive else None
        self._finish = directive.finish or (
            provider.natural_finish if answer.finish == "end" else answer.finish
        )
        self._tokens_so_far = 0
        self._text_so_far = ""
        self._head = self._new_head()

    # What the writer takes, in this order

    def opening(self) -> bytes:
        if self.ask.is_text or self.provider.role == "each":
            return b""
        delta: Json = {"role": "assistant"}
        if self.provider.first_content:
            delta["content"] = None if self.answer.calls else ""
        choice = self._choice(delta)
        extra = {"x_groq": self._x_groq()} if "x_groq" in self.provider.extras else {}
        return self.event({**self._chunk(choice), **extra})

    def content(self) -> Iterator[Part]:
        if self.answer.calls:
            yield from self._tool_parts()
            return
        pieces = self.answer.pieces[:-1] if self._rides else self.answer.pieces
        if self._varies:
            for piece in pieces:
                yield self._text_part(piece), piece[1]
            return
        seams = self._seams()
        for text, tokens in pieces:
            self._tokens_so_far += tokens
            yield orjson.dumps(text).join(seams), tokens

    def closing(self) -> Part:
        """The finish reason, the usage and the terminator."""
        tokens = 0
        delta: Json = dict(self.provider.finish_delta)
        text = ""
        if self._rides:
            text, tokens = self.answer.pieces[-1]
            delta = self._delta(text)
        self._count(text, tokens)
        wants_usage = not self.directive.no_usage
        choice = self._choice(delta, text, self._finish)
        if self._rides and self.ask.logprobs:
            choice["logprobs"] = self._logprobs(self.answer.pieces[-1:])
        chunk = self._chunk(choice)
        style = self.provider.usage
        asked = style == "asked" and self.ask.usage_asked
        self.usage_sent = wants_usage and (style != "asked" or asked)
        if style == "x_groq":
            chunk["x_groq"] = self._x_groq(self._usage() if wants_usage else None)
        elif style == "last" and wants_usage:
            chunk["usage"] = self._usage()
        data = self.event(chunk)
        if asked and wants_usage:
            data += self.event({**self._head, "choices": [], "usage": self._usage()})
        if self.provider.done and not self.directive.no_done:
            data += self.data + b"[DONE]" + self.eol * 2
        return data, tokens

    def error(self, code: int) -> bytes:
        return self.event(event_of(Refused(code, self.directive.message or "")))

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(event_of(Refused(code, self.directive.message or "")))

    def garbage(self) -> bytes:
        return self.half(self.event({**self._head, "choices": [{"delta": {"content": " and"}}]}))

    def body(self) -> bytes:
        """The answer when it is not streamed."""
        answer, is_text = self.answer, self.ask.is_text
        own = {"text": answer.text} if is_text else {"message": self._message()}
        choice: Json = {"index": 0, **own}
        choice["logprobs"] = self._logprobs(answer.pieces) if self._logged else None
        choice["finish_reason"] = self._finish
        kind = "text_completion" if is_text else "chat.completion"
        result: Json = {**self._head, "object": kind, "choices": [choice]}
        self.usage_sent = not self.directive.no_usage
        self._tokens_so_far = answer.completion_tokens
        if self.usage_sent:
            result["usage"] = self._usage()
        return orjson.dumps(result)

    # The pieces they are made of

    @property
    def _rides(self) -> bool:
        """Does the finish reason ride on the last text?"""
        answer = self.answer
        return self.provider.finish_with_text and bool(answer.pieces)

    @property
    def _logged(self) -> bool:
        return self.ask.logprobs and not self.answer.calls

    @property
    def _varies(self) -> bool:
        """Do the chunks differ in more than their text?"""
        provider = self.provider
        return self.ask.logprobs or provider.usage == "every" or "message" in provider.extras

    def _seams(self) -> list[bytes]:
        """A chunk, cut where its text goes: much cheaper than to encode each one."""
        marker = new_id("{hex32}")
        choice = self._choice(self._delta(marker), marker)
        return self.event(self._chunk(choice)).split(b'"%s"' % marker.encode())

    def _new_head(self) -> Json:
        provider, ask = self.provider, self.ask
        template = provider.id.replace("chatcmpl-", "cmpl-") if ask.is_text else provider.id
        head: Json = {
            "id": new_id(template, ask.model),
            "object": "text_completion" if ask.is_text else provider.chunk_object,
            "created": int(time.time()),
            "model": ask.model,
        }
        if "fingerprint" in provider.extras:
            digest = hashlib.blake2b(ask.model.encode(), digest_size=5).hexdigest()
            head["system_fingerprint"] = f"fp_{digest}"
        return head

    def _chunk(self, choice: Json) -> Json:
        chunk = {**self._head, "choices": [choice]}
        if self.provider.usage == "every" and not self.directive.no_usage:
            chunk["usage"] = self._usage()
        elif self.provider.usage == "asked" and self.ask.usage_asked:
            chunk["usage"] = None
        return chunk

    def _choice(self, delta: Json, text: str = "", finish: str | None = None) -> Json:
        if self.ask.is_text:
            return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        extras = self.provider.extras
        if "text" in extras:
            choice["text"] = text
        if "message" in extras:
            choice["message"] = {"role": "assistant", "content": self._text_so_far}
        return choice

    def _delta(self, text: str) -> Json:
        if self.provider.role == "each":
            return {"role": "assistant", "content": text}
        return {"content": text}

    def _count(self, text: str, tokens: int) -> None:
        self._tokens_so_far += tokens
        if "message" in self.provider.extras:
            self._text_so_far += text

    def _text_part(self, piece: Piece) -> bytes:
        text, tokens = piece
        self._count(text, tokens)
        choice = self._choice(self._delta(text), text)
        if self.ask.logprobs:
            choice["logprobs"] = self._logprobs((piece,))
        return self.event(self._chunk(choice))

    def _tool_parts(self) -> Iterator[Part]:
        if self.provider.tools_whole:
            self._count("", self.answer.completion_tokens)
            yield self._tool_event(self._whole_calls()), self.answer.completion_tokens
            return
        for number, call in enumerate(self.answer.calls):
            self._count("", call.name_tokens)
            yield self._tool_event([self._tool_call(number, whole=False)]), call.name_tokens
            for text, tokens in call.pieces:
                self._count("", tokens)
                piece = {"index": number, "function": {"arguments": text}}
                yield self._tool_event([piece]), tokens

    def _tool_event(self, calls: list[Json]) -> bytes:
        delta: Json = {"tool_calls": calls}
        if self.provider.role == "each":
            delta = {"role": "assistant", "content": None, **delta}
        return self.event(self._chunk(self._choice(delta)))

    def _whole_calls(self) -> list[Json]:
        return [self._tool_call(number, whole=True) for number, _ in enumerate(self.answer.calls)]

    def _tool_call(self, number: int, *, whole: bool) -> Json:
        said = self.answer.calls[number]
        call: Json = {"index": number} if self.provider.tool_index else {}
        call["id"] = new_id(self.provider.tool_id)
        call["type"] = "function"
        call["function"] = {"name": said.name, "arguments": said.arguments if whole else ""}
        return call

    def _message(self) -> Json:
        if not self.answer.calls:
            return {"role": "assistant", "content": self.answer.text}
        calls = self._whole_calls()
        for call in calls:
            call.pop("index", None)
        return {"role": "assistant", "content": None, "tool_calls": calls}

    def _logprobs(self, pieces: tuple[Piece, ...]) -> Json:
        by_content = self.provider.logprobs == "content" and not self.ask.is_text
        return of_pieces(pieces, self.ask.top_logprobs, by_content)

    def _x_groq(self, usage: Json | None = None) -> Json:
        name = f"req_{self._head['id'][-24:]}"
        return {"id": name} if usage is None else {"id": name, "usage": usage}

    def _usage(self) -> Json:
        return usage_of(self.provider, self.answer.prompt_tokens, self._tokens_so_far)
