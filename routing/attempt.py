"""Trying endpoints: open one, wait for its first content, read on.

Up to its first content (text, a tool call, a finish reason) an endpoint that fails is replaced by
the next; a role alone or a comment commits us to nothing (design/streaming.md section 3).
"""

from __future__ import annotations

import asyncio
import logging
import time

from catalog.snapshot import Endpoint, Model
from openrouter_site.errors import ApiError, RequestTimeout
from openrouter_site.money import cost_ceiling_nano
from routing.adapters import DIALECTS, Dialect
from routing.chunk import Chunk, Failure, Turn
from routing.exchange import ClientGone, Exchange
from routing.health import Health
from routing.pricing import Size, affordable_tokens
from routing.refusal import OWN_CREDENTIAL_REFUSED, Attempt, masked, shown
from routing.request import ChatRequest
from routing.sse import MalformedStream
from routing.upstream import Answer, ConnectionLost, Upstream

logger = logging.getLogger(__name__)

_RUBBISH = (ValueError, KeyError, TypeError, IndexError, AttributeError)
# A provider that refuses our credential is tried last for a minute.
_CREDENTIAL_EJECT_S = 60.0


class Serving:
    """An endpoint that serves: what it said first, and `read` for the rest."""

    def __init__(
        self, endpoint: Endpoint, dialect: Dialect, answer: Answer, turn: Turn, exchange: Exchange
    ) -> None:
        self.endpoint = endpoint
        self.turn = turn
        self.chunks: list[Chunk] = []
        self.failure: Failure | None = None
        self.finished = False
        self.prompt_nano = 0
        self.first_content_s = 0.0
        self._answer = answer
        self._decode = dialect.decode
        self._exchange = exchange

    async def read(self) -> tuple[list[Chunk], Failure | None]:
        """The chunks of the next read, and the failure that ends the answer, if any."""
        exchange = self._exchange
        exchange.deadline_s = time.monotonic() + exchange.register.deadlines.chunk_gap_s
        try:
            events = await self._answer.events()
        except ClientGone:
            self._answer.close()
            self.finished = True
            return [], None
        except ApiError as error:
            return [], Failure(error.code, error.message)
        except (ConnectionLost, MalformedStream) as error:
            return [], Failure(502, str(error) or "malformed stream")
        if events is None:
            return self._ended()
        return self.decoded(events)

    def decoded(self, events: list[bytes]) -> tuple[list[Chunk], Failure | None]:
        chunks: list[Chunk] = []
        try:
            for event in events:
                chunk = self._decode(event, self.turn)
                if chunk is None:
                    continue
                if chunk.failure is not None:
                    return chunks, chunk.failure
                chunks.append(chunk)
        except _RUBBISH:
            return chunks, Failure(502, "the provider sent something that is no answer")
        if self.turn.is_done:
            self.finished = True
            self._answer.close()
        return chunks, None

    def abort(self) -> None:
        """Stop the provider; nothing more will be read."""
        self._answer.abort()

    def _ended(self) -> tuple[list[Chunk], Failure | None]:
        """The end of the stream: whole if a finish reason came, with or without [DONE]."""
        self._answer.close()
        if self.turn.native_finish_reason is None and not self.turn.is_done:
            return [], Failure(502, "the provider broke off")
        self.finished = True
        return [], None


class Attempts:
    """All attempts of one request: `log` for the record, `failures` for the answer."""

    PER_MODEL = 3
    PER_REQUEST = 6

    def __init__(
        self,
        upstream: Upstream,
        health: Health,
        exchange: Exchange,
        request: ChatRequest,
        size: Size,
    ) -> None:
        self.log: list[Attempt] = []
        self.failures: list[tuple[Failure, Endpoint]] = []
        # The endpoint that has the request now: who leaves meanwhile pays for its prompt.
        self.last_endpoint: Endpoint | None = None
        self._upstream = upstream
        self._health = health
        self._exchange = exchange
        self._request = request
        self._size = size

    @property
    def exhausted(self) -> bool:
        return len(self.log) >= self.PER_REQUEST

    async def open(self, model: Model, endpoint: Endpoint) -> Serving | None:
        """The endpoint once it said something; None when it failed (see `failures`).

        Raises ClientGone, or the ApiError the exchange was ended by.
        """
        started_s = time.monotonic()
        self.last_endpoint = endpoint
        self._exchange.cancellable = endpoint.provider.supports_cancellation
        try:
            serving = await self._served(endpoint, started_s)
            failure = serving.failure if not serving.chunks else None
        except (TimeoutError, ClientGone, ApiError) as error:
            # A timer that went off early was set off by whoever wants this exchange to stop.
            self._exchange.check()
            if not isinstance(error, TimeoutError | RequestTimeout):
                raise
            failure = Failure(408, "no answer in time")
        except ConnectionLost as error:
            failure = Failure(502, str(error))
        except MalformedStream:
            failure = Failure(502, "the provider sent something that is no answer")
        finally:
            # A timer that ended cannot be set off: whoever stops us from now on only leaves a note.
            self._exchange.timer = None
        ms = round((time.monotonic() - started_s) * 1000)
        if failure is None:
            self._health.succeeded(endpoint.id)
            self.log.append(Attempt(model.id, endpoint.provider.name, 200, ms))
            return serving
        self._failed(model, endpoint, failure, ms)
        return None

    def _failed(self, model: Model, endpoint: Endpoint, failure: Failure, ms: int) -> None:
        self.failures.append((failure, endpoint))
        self.last_endpoint = None
        error = shown(failure)
        self.log.append(Attempt(model.id, endpoint.provider.name, failure.status, ms, error))
        if failure.status in OWN_CREDENTIAL_REFUSED:
            logger.error(
                "%s refuses our credential (%d): %s",
                endpoint.provider.name, failure.status, masked(failure.message),
            )  # fmt: skip
            self._health.failed(endpoint.id, eject_s=_CREDENTIAL_EJECT_S)
        elif not failure.permanent:
            self._health.failed(endpoint.id)

    def broke_off(self, endpoint: Endpoint, failure: Failure) -> None:
        """A failure after content; it is the provider's unless we ended the exchange ourselves."""
        ended_by = self._exchange.ended_by
        if not failure.permanent and (ended_by is None or isinstance(ended_by, RequestTimeout)):
            self._health.failed(endpoint.id)

    async def _served(self, endpoint: Endpoint, started_s: float) -> Serving:
        exchange, request, size = self._exchange, self._request, self._size
        dialect = DIALECTS[endpoint.provider.dialect]
        assert exchange.hold is not None
        max_tokens = affordable_tokens(size, endpoint, exchange.hold.granted_nano)
        sent = dialect.encode(request, endpoint, max_tokens)
        turn = Turn(stream=sent.stream)
        deadlines = exchange.register.deadlines
        timeout_s = deadlines.first_content_s if sent.stream else deadlines.attempt_s
        async with asyncio.timeout(timeout_s) as exchange.timer:
            answer = await self._upstream.send(endpoint, sent)
            try:
                serving = Serving(endpoint, dialect, answer, turn, exchange)
                if answer.status != 200:
                    serving.failure = dialect.decode_error(answer.status, await answer.body())
                    serving.failure.retry_after_s = answer.retry_after_s
                    if answer.status == 408:
                        # 408 is our own deadline; theirs is a failure like any other.
                        serving.failure.status = 504
                    answer.close()
                elif sent.stream:
                    await _until_content(serving, answer, dialect)
                else:
                    await _whole(serving, answer, dialect)
            except _RUBBISH as error:
                # Said of what the provider sent only: a mistake of ours in asking is not its own.
                answer.abort()
                raise MalformedStream from error
            except BaseException:
                answer.abort()
                raise
        if sent.stream:
            exchange.answer = answer
        serving.first_content_s = time.monotonic() - started_s
        serving.prompt_nano = cost_ceiling_nano(
            ((size.prompt_tokens, endpoint.prices.prompt_pico), (1, endpoint.prices.request_pico))
        )
        return serving


async def _until_content(serving: Serving, answer: Answer, dialect: Dialect) -> None:
    """Read until something was said; a failure before that is the attempt's failure."""
    if answer.is_encoded:
        raise ValueError("compressed, though we asked that it should not be")
    if answer.content_type.endswith("json"):
        # Some providers answer a stream request with a plain error, or a whole answer, and 200.
        await _whole(serving, answer, dialect)
        return
    if answer.content_type != "text/event-stream":
        raise ValueError("not an event stream")
    while not serving.chunks:
        events = await answer.events()
        if events is None:
            serving.chunks, serving.failure = serving._ended()
            if serving.failure is None and not serving.chunks:
                serving.failure = Failure(502, "the provider sent an empty answer")
            return
        serving.chunks, serving.failure = serving.decoded(events)
        if serving.failure is not None:
            return
        if serving.finished and not serving.chunks:
            serving.failure = Failure(502, "the provider sent an empty answer")
            return


async def _whole(serving: Serving, answer: Answer, dialect: Dialect) -> None:
    """An answer that is not streamed: a stream of one chunk."""
    body = await answer.body()
    answer.close()
    chunk = dialect.decode(body, serving.turn)
    if chunk is None:
        serving.failure = Failure(502, "the provider sent an empty answer")
    elif chunk.failure is not None:
        serving.failure = chunk.failure
    else:
        serving.chunks = [chunk]
        serving.finished = True
