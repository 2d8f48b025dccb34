"""An endpoint that serves: its first content, then the rest of its answer.

Up to its first content (text, a tool call, a finish reason) an endpoint that fails is replaced by
the next; a role alone or a comment commits us to nothing (design/streaming.md section 3).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from catalog.credentials import ProviderCredential
from catalog.snapshot import Endpoint
from openrouter_site.errors import ApiError
from routing.adapters import Dialect
from routing.chunk import Chunk, Failure, Sent, Turn, check
from routing.exchange import ClientGone, Exchange
from routing.keyring import NO_CREDENTIAL
from routing.sse import MalformedStream
from routing.upstream import Answer, ConnectionLost, Upstream

# What decoding rubbish raises.
RUBBISH = (
    ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


class Filter(Protocol):
    """What stands between a provider's words and the caller: it may hold back, change and add."""

    def feed(self, chunk: Chunk) -> list[Chunk]: ...

    def finish(self) -> list[Chunk]:
        """The answer is over: whatever was held back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, and how the answer is read. `turn` lives as long as the answer."""

    endpoint: Endpoint
    dialect: Dialect
    turn: Turn
    filters: Sequence[Filter] = ()


class Serving:
    """What the endpoint said first, and `read` for the rest."""

    def __init__(
        self,
        asked: Asked,
        answer: Answer,
        exchange: Exchange,
        credential: ProviderCredential = NO_CREDENTIAL,
    ) -> None:
        self.endpoint = asked.endpoint
        self.turn = asked.turn
        self.chunks: list[Chunk] = []
        self.failure: Failure | None = None
        self.finished = False
        self.prompt_nano = 0
        self.prompt_tokens = 0
        self.started_s = time.monotonic()
        self.first_content_s = 0.0
        self.answer = answer
        self.credential = credential
        self.dialect = asked.dialect
        # What the provider said, where the caller is told something else: that is what it counts.
        self.unfiltered: list[Chunk] = []
        self._filters = asked.filters
        self._decode = asked.dialect.decode
        self._exchange = exchange

    async def read(self) -> tuple[list[Chunk], Failure | None]:
        """The chunks of the next read, and the failure that ends the answer, if any."""
        exchange = self._exchange
        exchange.deadline_s = time.monotonic() + exchange.register.deadlines.chunk_gap_s
        try:
            events = await self.answer.events()
        except ClientGone:
            self.answer.close()
            self.finished = True
            return [], None
        except ApiError as error:
            return [], Failure(error.code, error.message)
        except (ConnectionLost, MalformedStream) as error:
            return [], Failure(502, str(error) or "malformed stream")
        if events is None:
            return self.ended()
        return self.decoded(events)

    def decoded(self, events: list[bytes]) -> tuple[list[Chunk], Failure | None]:
        chunks: list[Chunk] = []
        failure = None
        try:
            for event in events:
                chunk = self._decode(event, self.turn)
                if chunk is None:
                    continue
                if chunk.delta is not None or chunk.logprobs is not None:
                    check(chunk)
                if chunk.failure is not None:
                    failure = chunk.failure
                    break
                chunks.append(chunk)
        except RUBBISH:
            failure = Failure(502, "the provider sent something that is no answer")
        if failure is None and self.turn.is_done:
            self.finished = True
            self.answer.close()
        if self._filters:
            chunks = self._filtered(chunks, is_last=self.finished or failure is not None)
        return chunks, failure

    def take(self, chunk: Chunk) -> None:
        """The one chunk of an answer that is not streamed."""
        self.chunks = self._filtered([chunk], is_last=True)
        self.finished = True

    def _filtered(self, chunks: list[Chunk], *, is_last: bool) -> list[Chunk]:
        if self._filters:
            self.unfiltered += chunks
        for each in self._filters:
            chunks = [passed for chunk in chunks for passed in each.feed(chunk)]
            if is_last:
                chunks += each.finish()
        return chunks

    def abort(self) -> None:
        """Stop the provider; nothing more will be read."""
        self.answer.abort()

    def ended(self) -> tuple[list[Chunk], Failure | None]:
        """The end of the stream: whole if a finish reason came, with or without [DONE]."""
        self.answer.close()
        at_end = self.turn.at_end
        chunks = self._filtered([at_end] if at_end is not None else [], is_last=True)
        if self.turn.native_finish_reason is None and not self.turn.is_done:
            return chunks, Failure(502, "the provider broke off")
        self.finished = True
        return chunks, None


async def answered(
    upstream: Upstream,
    credential: ProviderCredential,
    asked: Asked,
    sent: Sent,
    exchange: Exchange,
) -> Serving:
    """Its first content, or its failure; some providers need several requests for that."""
    while True:
        answer = await upstream.send(asked.endpoint, sent, credential)
        serving = Serving(asked, answer, exchange, credential)
        try:
            await read_first(serving, stream=sent.stream)
        except RUBBISH as error:
            # Said of what the provider sent only: a mistake of ours in asking is not its own.
            answer.abort()
            raise MalformedStream from error
        except BaseException:
            answer.abort()
            raise
        following, asked.turn.next_request = asked.turn.next_request, None
        if following is None or serving.failure is not None:
            return serving
        sent = following
        await asyncio.sleep(sent.wait_s)


async def read_first(serving: Serving, *, stream: bool) -> None:
    """What the endpoint says first, or its failure. Raises RUBBISH for what is no answer."""
    answer = serving.answer
    if not 200 <= answer.status < 300:
        serving.failure = serving.dialect.decode_error(answer.status, await answer.body())
        if answer.retry_after_s is not None:
            # Some say it in the body, which the dialect read.
            serving.failure.retry_after_s = answer.retry_after_s
        if answer.status == 408:
            # 408 is our own deadline; theirs is a failure like any other.
            serving.failure.status = 504
        answer.close()
    elif stream:
        await _until_content(serving, answer)
    else:
        await _whole(serving, answer)


async def _until_content(serving: Serving, answer: Answer) -> None:
    """Read until something was said; a failure before that is the attempt's failure."""
    if answer.is_encoded:
        raise ValueError("compressed, though we asked that it should not be")
    if not answer.is_stream:
        if not answer.content_type.endswith("json"):
            raise ValueError("not a stream of events")
        # Some providers answer a stream request with a plain error, or a whole answer, and 200.
        await _whole(serving, answer)
        return
    while not serving.chunks:
        events = await answer.events()
        if events is None:
            serving.chunks, serving.failure = serving.ended()
            if serving.failure is None and not serving.chunks:
                serving.failure = Failure(502, "the provider sent an empty answer")
            return
        serving.chunks, serving.failure = serving.decoded(events)
        if serving.failure is not None:
            return
        if serving.finished and not serving.chunks:
            serving.failure = Failure(502, "the provider sent an empty answer")
            return


async def _whole(serving: Serving, answer: Answer) -> None:
    """An answer that is not streamed: a stream of one chunk."""
    body = await answer.body()
    answer.close()
    chunk = serving.dialect.decode(body, serving.turn)
    if chunk is None and serving.turn.next_request is not None:
        return
    if chunk is None:
        serving.failure = Failure(502, "the provider sent an empty answer")
    elif chunk.failure is not None:
        serving.failure = chunk.failure
    else:
        check(chunk)
        serving.take(chunk)
