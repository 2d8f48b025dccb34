"""The story of one request: size, plan, hold, try in order, stream, settle.

HTTP and WebSocket callers are the same here. `complete` is an asynchronous generator of batches of
chunks; all that arrived in one read leaves as one batch. When it ends without a failure, the money
is settled and `exchange.usage` is there: only then may the caller be told that the answer is whole.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from accounts.keys import Key
from billing.book import GenerationRow
from billing.holds import Cashier
from billing.refusals import InsufficientCredits, KeyLimitExceeded, LedgerError
from billing.writer import LedgerDown
from catalog.snapshot import Catalog, Endpoint
from openrouter_site.errors import ApiError, BadRequest, PaymentRequired
from routing import refusal, sampling
from routing.admission import admit, set_aside
from routing.attempt import Attempts
from routing.chunk import Chunk, Failure
from routing.exchange import ClientGone, Exchange, Register
from routing.explanation import Explanation
from routing.leg import Leg, leg_of, measure
from routing.plan import Plan, Route, plan
from routing.pricing import Size, charged_nano
from routing.prompt_log import PromptLog
from routing.reach import Reach
from routing.request import ChatRequest
from routing.requirements import Stability
from routing.serving import Serving
from routing.settlement import Outcome, record


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
    register: Register
    reach: Reach
    prompts: PromptLog = field(default_factory=PromptLog)
    rng: random.Random = field(default_factory=random.Random)

    def plan(
        self, request: ChatRequest, key: Key, size: Size, *, health: Stability | None = None
    ) -> Plan:
        """`health`: else as it is at each moment. Raises BadRequest or Unavailable."""
        return plan(
            request, key, self.catalog(), health or self.reach.health, self.rng,
            size=size, exponent=settings.ROUTING_PRICE_EXPONENT,
            figures=self.reach.statistics.figures, own_fee_bp=settings.BYOK_FEE_BP,
        )  # fmt: skip


async def complete(
    engine: Engine, exchange: Exchange, request: ChatRequest, key: Key, app: App
) -> AsyncGenerator[list[Chunk], None]:
    """Batches of chunks; a chunk with a failure is the last one.

    Raises ApiError before the first content. Whatever happens, the hold is settled.
    """
    routes = engine.plan(request, key, await measure(request))
    attempts = Attempts(engine.reach, exchange, own=key.own_providers, policy=key)
    exchange.explanation = Explanation(routes, attempts.log)
    log = engine.prompts if key.log_prompts else None
    outcome = Outcome(exchange, request, _draft(exchange, request, key, app), log)
    leg, rest = await _admitted(engine, exchange, outcome, routes)
    try:
        serving = await _first_content(engine, outcome, attempts, routes, leg, rest)
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
    failed = failure
    failure = await _settled(outcome, attempts, serving, failure)
    attempts.ended(serving, failed, outcome.generation.native_tokens_completion)
    if failure is not None and not exchange.gone:
        yield [Chunk(failure=failure, finish_reason="error")]


def _draft(exchange: Exchange, request: ChatRequest, key: Key, app: App) -> GenerationRow:
    """The generation as known now; `_describe` adds the model to be tried."""
    return GenerationRow(
        id=exchange.id,
        user_id=key.user_id,
        key_id=key.id,
        created_at=datetime.now(UTC),
        model="",
        app_referer=app.referer,
        app_title=app.title,
        user_agent=app.user_agent,
        streamed=request.stream,
        parameters=sampling.sent(request),
    )


def _describe(generation: GenerationRow, leg: Leg) -> None:
    """Recovery records this much if we die."""
    generation.model = leg.route.model.id
    generation.provider_name = leg.route.endpoints[0].provider.name
    generation.tokens_prompt = generation.native_tokens_prompt = leg.size.prompt_tokens
    generation.num_media_prompt = leg.size.images or None


async def _admitted(
    engine: Engine, exchange: Exchange, outcome: Outcome, routes: Plan
) -> tuple[Leg, tuple[Route, ...]]:
    """The first route that fits and can be paid, its worst cost set aside; and the routes left.

    "Any error can trigger the use of a fallback model" (seed): what is told when none is left is
    the error of the first. Raises BadRequest, PaymentRequired, Unauthorized, Unavailable.
    """
    first_error: ApiError | None = None
    for number, route in enumerate(routes.routes):
        try:
            leg = await leg_of(routes, route)
            _describe(outcome.generation, leg)
            await admit(engine.cashier, exchange, outcome.generation, leg)
        except (BadRequest, PaymentRequired) as error:
            _passed_over(exchange, route, error)
            first_error = first_error or error
        else:
            return leg, routes.routes[number + 1 :]
    assert first_error is not None
    raise first_error


async def _first_content(
    engine: Engine,
    outcome: Outcome,
    attempts: Attempts,
    routes: Plan,
    leg: Leg | None,
    rest: tuple[Route, ...],
) -> Serving:
    """The first endpoint that says something; raises ApiError when none does, or ClientGone."""
    left, exchange = iter(rest), outcome.exchange
    while leg is not None:
        tried: set[int] = set()
        for endpoint in attempts.in_order(leg.route.endpoints):
            if attempts.exhausted:
                break
            if len(tried | {abs(endpoint.id)}) > attempts.PER_MODEL:
                continue
            if not attempts.may_help(endpoint):
                continue
            exchange.check()
            tried.add(abs(endpoint.id))
            serving = await attempts.open(leg, endpoint)
            if serving is not None:
                _note(exchange, endpoint, serving)
                return serving
        leg = None if attempts.exhausted else await _next_leg(engine, outcome, routes, left)
    raise refusal.of_failures(attempts.failures, attempts.log, routes.choice.request)


async def _next_leg(
    engine: Engine, outcome: Outcome, routes: Plan, left: Iterator[Route]
) -> Leg | None:
    """The next model that takes the prompt and that the hold, made larger, can cover."""
    exchange = outcome.exchange
    for route in left:
        try:
            leg = await leg_of(routes, route)
            await set_aside(engine.cashier, exchange, outcome.generation, leg)
        except BadRequest as error:
            _passed_over(exchange, route, error)
        except (InsufficientCredits, KeyLimitExceeded) as error:
            refused = refusal.of_ledger(error, leg.size, route.endpoints, settings.SITE_URL)
            _passed_over(exchange, route, refused)
        except LedgerError:
            return None
        except LedgerDown:
            raise refusal.unavailable() from None
        else:
            return leg
    return None


def _passed_over(exchange: Exchange, route: Route, error: ApiError) -> None:
    if exchange.explanation is not None:
        exchange.explanation.passed_over(route.model, error)


def _note(exchange: Exchange, endpoint: Endpoint, serving: Serving) -> None:
    """What recovery and the frames of the answer need to know of it."""
    exchange.model_id = endpoint.model_id
    exchange.provider_name = endpoint.provider.name
    exchange.system_fingerprint = serving.turn.system_fingerprint
    exchange.price_completion_pico = charged_nano(endpoint.prices.completion_pico, endpoint)
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
