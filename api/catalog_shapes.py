"""The catalog as JSON: pure functions from its values to the API's shapes.

The seed's fields, plus all that clients of today demand (openrouter-today 1.7: keys that the
official SDKs require are there even when we have nothing to say, as null). Prices are decimal
strings, $ per token (per image, per request); `discount` is the fraction already taken off them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.snapshot import Catalog, Endpoint, Model, Prices, Provider
from openrouter_site.money import PICO_PER_NANO, format_price
from routing.figures import Figures, Percentiles

JsonObject = dict[str, Any]

_UNUSED = Figures()


def _price_strings(prices: Prices) -> JsonObject:
    return {
        "prompt": format_price(prices.prompt_pico),
        "completion": format_price(prices.completion_pico),
        "image": format_price(prices.image_pico),
        "request": format_price(prices.request_pico),
    }


def _pricing(prices: Prices, discount_percent: int | None) -> JsonObject:
    return {**_price_strings(prices), "discount": (discount_percent or 0) / 100}


def _model_pricing(model: Model) -> JsonObject:
    """The price of the endpoint the catalog advertises. A router's is that of whom it picks: -1,
    as clients of OpenRouter know it (openrouter-today 1.7)."""
    if model.kind == "router":
        return {**dict.fromkeys(_price_strings(model.prices), "-1"), "discount": 0}
    return _pricing(model.prices, model.discount_percent)


def _architecture(model: Model) -> JsonObject:
    inputs, outputs = model.input_modalities, model.output_modalities
    return {
        "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
        "input_modalities": list(inputs),
        "output_modalities": list(outputs),
        "tokenizer": model.tokenizer,
        "instruct_type": model.instruct_type,
    }


def _top_provider(model: Model) -> JsonObject:
    """The figures of the endpoint that is tried first; the model's own where there is none."""
    top = model.endpoints[0] if model.endpoints else model
    return {
        "context_length": top.context_length or None,
        "max_completion_tokens": top.max_completion_tokens,
        "is_moderated": top.is_moderated,
    }


def _offers(model: Model, catalog: Catalog) -> list[Prices]:
    """Every price the request may be served at; a router's are those of its candidates."""
    candidates = [catalog.models[id] for id in model.routes_to if id in catalog.models]
    endpoints = [endpoint for each in [model, *candidates] for endpoint in each.endpoints]
    served = [endpoint for endpoint in endpoints if endpoint.provider.served_at is not None]
    return [endpoint.prices for endpoint in served or endpoints] or [model.prices]


def _affordable(maximum: int, price_pico: int, budget_pico: int) -> int:
    return min(maximum, budget_pico // price_pico) if price_pico else maximum


def per_request_limits(model: Model, catalog: Catalog, credits_nano: int) -> dict[str, int] | None:
    """The most tokens one request may have for these credits (seed, section Token Limits).

    `prompt_tokens` if all is spent on the prompt, `completion_tokens` if all on the answer, never
    more than the model takes. Counted at the dearest price on offer, because that is what a hold
    sets aside (routing.pricing). None for media models, which have no tokens. A negative balance
    buys nothing, not even free tokens (seed, Limits).
    """
    if model.context_length is None:
        return None
    if credits_nano < 0:
        return {"prompt_tokens": 0, "completion_tokens": 0}
    offers = _offers(model, catalog)
    prompt_pico = max(prices.prompt_pico for prices in offers)
    completion_pico = max(prices.completion_pico for prices in offers)
    request_pico = max(prices.request_pico for prices in offers)
    budget_pico = max(0, credits_nano * PICO_PER_NANO - request_pico)
    context = model.context_length
    longest_answer = min(context, model.max_completion_tokens or context)
    return {
        "prompt_tokens": _affordable(context, prompt_pico, budget_pico),
        "completion_tokens": _affordable(longest_answer, completion_pico, budget_pico),
    }


def model_shape(model: Model, limits: dict[str, int] | None = None) -> JsonObject:
    """Model (seed, Token Limits; today 1.7). `limits` is what per_request_limits returns."""
    shape: JsonObject = {
        "id": model.id,
        "canonical_slug": model.base_id or model.id,
        "hugging_face_id": model.hugging_face_id,
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "context_length": model.context_length,
        "architecture": _architecture(model),
        "pricing": _model_pricing(model),
        "top_provider": _top_provider(model),
        "per_request_limits": limits,
        "supported_parameters": list(model.supported_parameters),
        "default_parameters": None,
        "supported_voices": None,
        "knowledge_cutoff": None,
        "expiration_date": None,
        "links": {"details": f"/api/v1/models/{model.id}/endpoints"},
    }
    if model.media_pricing is not None:
        shape["media_pricing"] = dict(model.media_pricing)
    return shape


def _status(figures: Figures) -> int:
    """0 normal, -2 degraded (below 95 % uptime in the last 5 minutes), -5 down (below 80 %).

    The limits are those of openrouter-today 2.2, step 4. Which negative number means what is not
    published; of the ones clients know (today 1.7) these two are our choice.
    """
    uptime = figures.uptime_5m
    if uptime is None or uptime >= 95:
        return 0
    return -2 if uptime >= 80 else -5


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _percentiles(percentiles: Percentiles | None) -> JsonObject | None:
    """To the millisecond, or the thousandth token per second; they are known to 5 % only."""
    if percentiles is None:
        return None
    return {name: round(getattr(percentiles, name), 3) for name in ("p50", "p75", "p90", "p99")}


def endpoint_shape(model: Model, endpoint: Endpoint, figures: Figures | None) -> JsonObject:
    """PublicEndpoint (today 1.7). Uptime is percent, latency seconds, throughput tokens per second;
    null where nobody used the endpoint in that time."""
    figures = figures or _UNUSED
    parameters = sorted(endpoint.supported_parameters)
    chooses_tools = "tool_choice" in parameters
    return {
        "name": f"{endpoint.provider.name} | {model.id}",
        "model_id": model.id,
        "model_name": model.name,
        "provider_name": endpoint.provider.name,
        "tag": endpoint.tag or endpoint.provider.slug,
        "context_length": endpoint.context_length,
        "max_completion_tokens": endpoint.max_completion_tokens,
        "max_prompt_tokens": None,
        "pricing": _pricing(endpoint.prices, endpoint.discount_percent),
        "list_pricing": _price_strings(endpoint.list_prices) if endpoint.list_prices else None,
        "quantization": endpoint.quantization,
        "supported_parameters": parameters,
        "is_moderated": endpoint.is_moderated,
        "status": _status(figures),
        "uptime_last_5m": _rounded(figures.uptime_5m),
        "uptime_last_30m": _rounded(figures.uptime_30m),
        "uptime_last_1d": _rounded(figures.uptime_1d),
        "latency_last_30m": _percentiles(figures.latency_s),
        "throughput_last_30m": _percentiles(figures.throughput),
        "supports_implicit_caching": False,
        "supports_voice_cloning": False,
        "supports_diarization": False,
        "supports_tool_choice": dict.fromkeys(
            ("auto", "function", "none", "required"), chooses_tools
        ),
        "native_tools": {},
        "service_tier": None,
    }


def endpoints_shape(model: Model, figures: Mapping[int, Figures]) -> JsonObject:
    """The model with every endpoint that offers it, in routing order; `figures` by endpoint id."""
    return {
        "id": model.id,
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "architecture": _architecture(model),
        "endpoints": [
            endpoint_shape(model, endpoint, figures.get(endpoint.id))
            for endpoint in model.endpoints
        ],
    }


def provider_shape(provider: Provider) -> JsonObject:
    """A provider; `data_policy` is ours, what `provider.data_collection` is decided by."""
    return {
        "name": provider.name,
        "slug": provider.slug,
        "privacy_policy_url": None,
        "terms_of_service_url": None,
        "status_page_url": None,
        "headquarters": None,
        "datacenters": None,
        "data_policy": {
            "training": provider.may_train,
            "retains_prompts": provider.retains_prompts,
        },
    }
