"""The story of one request for 3D objects: plan, hold, try in order, settle.

The same as that of a text (routing.complete), over the same holds, attempts and health, with less
to decide: one model, a price known beforehand, and an answer that comes whole. What the provider
delivered is charged; when nobody does, nothing is. Who leaves meanwhile pays all the same, since no
such provider can be stopped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings

from accounts.keys import Key
from billing.book import GenerationRow
from billing.refusals import InsufficientCredits, KeyLimitExceeded, LedgerError
from billing.writer import LedgerDown
from catalog.snapshot import Catalog, Endpoint, Model
from openrouter_site.errors import ApiError, BadRequest, PaymentRequired
from openrouter_site.money import dollars, format_amount
from routing import refusal
from routing.adapters import MEDIA_DIALECTS
from routing.attempt import Attempts
from routing.complete import App, Engine
from routing.exchange import Exchange
from routing.leg import Leg
from routing.media_request import MediaRequest, cost_nano
from routing.nobody import nobody_fits
from routing.ordering import ordered
from routing.plan import Route
from routing.preferences import NO_PREFERENCES
from routing.pricing import Size
from routing.request import ChatRequest
from routing.requirements import Choice, Dropped, fits
from routing.serving import Serving

Outputs = list[dict[str, str]]

_NO_SIZE = Size(prompt_tokens=0, prompt_ceiling=0)


async def generate(
    engine: Engine, exchange: Exchange, request: MediaRequest, key: Key, app: App
) -> Outputs:
    """What was made, each `{"uri"}` or `{"url"}`; it is settled. Raises ApiError."""
    model = _model(request.model, engine.catalog())
    leg = _leg(engine, model, request, key)
    generation = _draft(exchange, leg, key, app)
    await _admit(engine, exchange, request, leg, generation)
    attempts = Attempts(engine.reach, exchange, MEDIA_DIALECTS, policy=key)
    try:
        serving = await _served(exchange, attempts, leg)
        outputs: Outputs = (serving.chunks[0].delta or {})["generations"][: request.num_outputs]
    except BaseException:
        # Also for a mistake of ours: whatever happens, the hold is settled.
        await _settle(exchange, generation, attempts)
        _keep(engine, key, generation, leg)
        raise
    _describe(generation, exchange, serving, outputs)
    generation.cost_nano = cost_nano(model, request.num_inference_steps, len(outputs))
    await _settle(exchange, generation, attempts)
    _keep(engine, key, generation, leg)
    attempts.ended(serving, None, 0)
    return outputs


def _model(name: str, catalog: Catalog) -> Model:
    model = catalog.models.get(name)
    if model is None:
        raise BadRequest(f"{name} is not a valid model ID", {"field": "model"})
    if model.kind != "media" or not model.media_pricing:
        raise BadRequest(
            f"{name} makes no 3D objects. Use POST /api/v1/chat/completions.", {"field": "model"}
        )
    return model


def _leg(engine: Engine, model: Model, request: MediaRequest, key: Key) -> Leg:
    """The endpoints that may have it, in order; raises Unavailable when none may."""
    asked = ChatRequest(
        prompt=request.prompt,
        model=model.id,
        parameters={
            "num_inference_steps": request.num_inference_steps,
            "num_outputs": request.num_outputs,
            "extension": request.extension,
        },
    )
    catalog, reach = engine.catalog(), engine.reach
    choice = Choice(
        request=asked, preferences=NO_PREFERENCES, order=(), only=frozenset(), ignore=frozenset(),
        caller=key, size=_NO_SIZE, health=reach.health, figures=reach.statistics.figures,
        rng=engine.rng, exponent=settings.ROUTING_PRICE_EXPONENT, own=key.own_providers,
    )  # fmt: skip
    fitting = [
        each for each in model.endpoints if fits(each, model, choice) and _makes(each, choice)
    ]
    if not fitting:
        raise nobody_fits((model.id,), choice, catalog)
    return Leg(Route(model, ordered(fitting, choice)), asked, _NO_SIZE)


def _makes(endpoint: Endpoint, choice: Choice) -> bool:
    if endpoint.provider.dialect in MEDIA_DIALECTS:
        return True
    name = endpoint.provider.name
    choice.dropped.append(Dropped(endpoint.model_id, name, "protocol without 3D objects"))
    return False


def _draft(exchange: Exchange, leg: Leg, key: Key, app: App) -> GenerationRow:
    return GenerationRow(
        id=exchange.id,
        user_id=key.user_id,
        key_id=key.id,
        created_at=datetime.now(UTC),
        model=leg.route.model.id,
        provider_name=leg.route.endpoints[0].provider.name,
        app_referer=app.referer,
        app_title=app.title,
        user_agent=app.user_agent,
    )


async def _admit(
    engine: Engine, exchange: Exchange, request: MediaRequest, leg: Leg, generation: GenerationRow
) -> None:
    """Set the whole price aside."""
    amount_nano = cost_nano(leg.route.model, request.num_inference_steps, request.num_outputs)
    try:
        exchange.hold = await engine.cashier.admit(
            account_id=f"user:{generation.user_id}",
            key_id=generation.key_id or 0,
            amount_nano=amount_nano,
            minimum_nano=amount_nano,
            generation=generation,
        )
    except (InsufficientCredits, KeyLimitExceeded) as error:
        if error.available_nano <= 0:
            raise _of_ledger(error, leg) from None
        raise _too_dear(error, amount_nano) from None
    except LedgerError as error:
        raise _of_ledger(error, leg) from None
    except LedgerDown:
        raise refusal.unavailable() from None


def _of_ledger(error: LedgerError, leg: Leg) -> ApiError:
    return refusal.of_ledger(error, leg.size, leg.route.endpoints, settings.SITE_URL)


def _too_dear(error: InsufficientCredits | KeyLimitExceeded, amount_nano: int) -> PaymentRequired:
    is_key = isinstance(error, KeyLimitExceeded)
    page = f"{settings.SITE_URL}/settings/{'keys' if is_key else 'credits'}"
    metadata: Mapping[str, Any] = {
        "cost": dollars(amount_nano),
        "available": dollars(error.available_nano),
        "limit_source": "openrouter_key_limit" if is_key else "openrouter_credits",
        "remedy_hint": f"Visit {page}, or lower num_outputs or num_inference_steps.",
    }
    return PaymentRequired(
        f"This request costs ${format_amount(amount_nano)}, but only"
        f" ${format_amount(error.available_nano)} is available. To increase, visit {page}",
        dict(metadata),
    )


async def _served(exchange: Exchange, attempts: Attempts, leg: Leg) -> Serving:
    """The first endpoint that makes something; raises ApiError when none does."""
    for endpoint in leg.route.endpoints:
        if attempts.exhausted or len(attempts.failures) == attempts.PER_MODEL:
            break
        if not attempts.may_help(endpoint):
            continue
        exchange.check()
        serving = await attempts.open(leg, endpoint)
        if serving is not None:
            return serving
    raise refusal.of_failures(attempts.failures, attempts.log, leg.request)


def _describe(
    generation: GenerationRow, exchange: Exchange, serving: Serving, outputs: Outputs
) -> None:
    generation.provider_name = serving.endpoint.provider.name
    generation.num_media_completion = len(outputs)
    generation.finish_reason = "stop"
    generation.native_finish_reason = str(serving.turn.native_finish_reason or "")
    generation.latency_ms = round(serving.first_content_s * 1000)
    generation.generation_time_ms = round((time.monotonic() - exchange.started_s) * 1000)


def _keep(engine: Engine, key: Key, generation: GenerationRow, leg: Leg) -> None:
    """What was asked for, where the account wants that kept. Objects are not."""
    if key.log_prompts:
        engine.prompts.add(generation, leg.request, {})


async def _settle(exchange: Exchange, generation: GenerationRow, attempts: Attempts) -> None:
    """Charge `generation.cost_nano` and record it; with 0 the hold is released."""
    generation.attempts = orjson.dumps([attempt.as_json() for attempt in attempts.log]).decode()
    generation.finish_reason = generation.finish_reason or "error"
    assert exchange.hold is not None
    try:
        exchange.cost_nano = await exchange.hold.settle(generation)
    except LedgerDown:
        raise refusal.unavailable() from None
