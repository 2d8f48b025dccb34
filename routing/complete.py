"""The story of one request: size, plan, hold, try in order, stream, settle.

HTTP and WebSocket callers are the same here. `complete` is an asynchronous generator of batches of
chunks; all that arrived in one read leaves as one batch. When it ends without a failure, the money
is settled and `exchange.usage` is there: only then may the caller be told that the answer is whole.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from accounts.keys import Key
from billing.book import GenerationRow
from billing.holds import Cashier
from billing.refusals import LedgerError
from billing.writer import LedgerDown
from catalog.snapshot import Catalog, Endpoint
from routing import pricing, refusal, tokens
from routing.attempt import Attempts, Serving
from routing.chunk import Chunk, Failure
from routing.exchange import ClientGone, Exchange, Register
from routing.health import Health
from routing.plan import Plan, Route, plan
from routing.request import ChatRequest
from routing.settlement import Outcome, record
from routing.upstream import Upstream

# Longer texts are counted in a thread, so that one caller does not stop the others.
_COUNT_IN_THREAD_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class App:
    """Which app calls: HTTP-Referer, X-Title and User-Agent of the request."""

    referer: str = ""
    title: str = ""
    user_agent: str = ""


@dataclass(slots=True)
class Engine:
    """What all requests of a process share."""

    catalog: Callable[[], Catalog]
    cashier: Cashier
    upstream: Upstream
    register: Register
    health: Health
    rng: random.Random = field(default_factory=random.Random)


async def complete(
    engine: Engine, exchange: Exchange, request: ChatRequest, key: Key, app: App
) -> AsyncGenerator[list[Chunk], None]:
    """Batches of chunks; a chunk with a failure is the last one.

    Raises ApiError before the first content. Whatever happens, the hold is settled.
    """
    size = await measure(request)
    route_plan = plan(
        request, key, engine.catalog(), engine.health, engine.rng,
        size=size, exponent=settings.ROUTING_PRICE_EXPONENT,
    )  # fmt: skip
    outcome = Outcome(exchange, request, _draft(exchange, request, key, app, size, route_plan))
    await _admit(engine, exchange, outcome, route_plan.routes[0], size)
    attempts = Attempts(engine.upstream, engine.health, exchange, request, size)
    try:
        serving = await _first_content(exchange, attempts, route_plan, size)
    except ClientGone:
        await record(outcome, attempts, None)
        return
    except BaseException:
        await record(outcome, attempts, None, void=True)
        raise
    chunks, failure = serving.chunks, serving.failure
    try:
        while True:
            outcome.add(chunks)
            if chunks:
                yield chunks
            if failure is not None or serving.finished:
                break
            chunks, failure = await serving.read()
    except BaseException:
        # A mistake of ours, here or where the answer is written (then it is a GeneratorExit).
        serving.abort()
        await _settled(outcome, attempts, serving, Failure(500, "broken off here"))
        raise
    if failure is not None:
        attempts.broke_off(serving.endpoint, failure)
    failure = await _settled(outcome, attempts, serving, failure)
    if failure is not None and not exchange.gone:
        yield [Chunk(failure=failure, finish_reason="error")]


async def measure(request: ChatRequest) -> pricing.Size:
    """Count the prompt."""
    if request.text_bytes > _COUNT_IN_THREAD_BYTES:
        counted = await asyncio.to_thread(tokens.count_request, request)
    else:
        counted = tokens.count_request(request)
    return pricing.Size(
        prompt_tokens=counted,
        prompt_ceiling=tokens.ceiling(request, counted),
        images=request.image_count,
        max_tokens=request.max_tokens,
    )


def _draft(
    exchange: Exchange, request: ChatRequest, key: Key, app: App, size: pricing.Size, routes: Plan
) -> GenerationRow:
    """The generation as known now; recovery records this much if we die."""
    first = routes.routes[0]
    return GenerationRow(
        id=exchange.id,
        user_id=key.user_id,
        key_id=key.id,
        created_at=datetime.now(UTC),
        model=first.model.id,
        provider_name=first.endpoints[0].provider.name,
        app_referer=app.referer,
        app_title=app.title,
        user_agent=app.user_agent,
        streamed=request.stream,
        tokens_prompt=size.prompt_tokens,
        native_tokens_prompt=size.prompt_tokens,
        num_media_prompt=size.images or None,
    )


async def _admit(
    engine: Engine, exchange: Exchange, outcome: Outcome, route: Route, size: pricing.Size
) -> None:
    """Set the worst cost of this route aside; raises PaymentRequired, Unauthorized, Unavailable."""
    amount_nano, minimum_nano = pricing.hold_bounds(size, route.endpoints)
    generation = outcome.generation
    try:
        exchange.hold = await engine.cashier.admit(
            account_id=f"user:{generation.user_id}",
            key_id=generation.key_id or 0,
            amount_nano=amount_nano,
            minimum_nano=minimum_nano,
            generation=generation,
        )
    except LedgerError as error:
        raise refusal.of_ledger(error, size, route.endpoints, settings.SITE_URL) from None
    except LedgerDown:
        raise refusal.unavailable() from None


async def _first_content(
    exchange: Exchange, attempts: Attempts, routes: Plan, size: pricing.Size
) -> Serving:
    """The first endpoint that says something; raises ApiError when none does, or ClientGone."""
    for number, route in enumerate(routes.routes):
        if number and not await _resized(exchange, route, size):
            continue
        for endpoint in route.endpoints[: attempts.PER_MODEL]:
            exchange.check()
            serving = await attempts.open(route.model, endpoint)
            if serving is not None:
                _note(exchange, endpoint, serving)
                return serving
            if attempts.exhausted or attempts.failures[-1][0].permanent:
                break
        if attempts.exhausted:
            break
    raise refusal.of_failures(attempts.failures, attempts.log)


async def _resized(exchange: Exchange, route: Route, size: pricing.Size) -> bool:
    """Whether the hold now covers this model too; a model that cannot be paid is passed over."""
    assert exchange.hold is not None
    try:
        await exchange.hold.resize(*pricing.hold_bounds(size, route.endpoints))
    except LedgerError:
        return False
    except LedgerDown:
        raise refusal.unavailable() from None
    return True


def _note(exchange: Exchange, endpoint: Endpoint, serving: Serving) -> None:
    """What recovery and the frames of the answer need to know of it."""
    exchange.model_id = endpoint.model_id
    exchange.provider_name = endpoint.provider.name
    exchange.system_fingerprint = serving.turn.system_fingerprint
    exchange.price_completion_pico = endpoint.prices.completion_pico
    exchange.prompt_nano = serving.prompt_nano
    exchange.delivered_characters = 1
    if exchange.stream:
        exchange.note_progress()


async def _settled(
    outcome: Outcome, attempts: Attempts, serving: Serving, failure: Failure | None
) -> Failure | None:
    """Settle; the failure the caller is told of, which may be that we could not settle."""
    try:
        await record(outcome, attempts, serving, failure=failure)
    except LedgerDown:
        return Failure(503, "Requests cannot be billed right now.")
    return failure


def new_generation_id() -> str:
    """`gen-<unix seconds>-<20 alphanumerics>` (spec/decisions.md)."""
    return f"gen-{int(time.time())}-{os.urandom(10).hex()}"
