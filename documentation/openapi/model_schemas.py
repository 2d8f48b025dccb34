"""The schemas of models, of who serves them, and of what they cost."""

from __future__ import annotations

from collections.abc import Mapping

from documentation.openapi.schema import (
    Fields,
    Schema,
    anything,
    boolean,
    integer,
    listing,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)

_PRICES: Fields = {
    "prompt": text("A token of the prompt."),
    "completion": text("A token of the answer."),
    "image": text("An image of the prompt."),
    "request": text("The request itself."),
}

_PRICING = record(
    {**_PRICES, "discount": number("The share already taken off: 0.2 is 20 %.", 0, 1)},
    "Dollars as decimal text. `-1`: it is the price of the model that a router picks.",
)

_ARCHITECTURE = record(
    {
        "modality": text("What goes in and what comes out: `text+image->text`."),
        "input_modalities": listing(text()),
        "output_modalities": listing(text()),
        "tokenizer": text("The family of its tokenizer."),
        "instruct_type": nullable(text("The template by which messages become one text.")),
    }
)

_TOP_PROVIDER = record(
    {
        "context_length": nullable(integer()),
        "max_completion_tokens": nullable(integer()),
        "is_moderated": boolean("Whether it flags input."),
    },
    "The figures of the endpoint that is tried first.",
)

_LIMITS = record(
    {
        "prompt_tokens": integer("If all of it goes into the prompt.", 0),
        "completion_tokens": integer("If all of it goes into the answer.", 0),
    },
    "The most tokens that one request may have for your credits. Null without a key.",
)

_MODEL = record(
    {
        "id": text("What requests call it by."),
        "canonical_slug": text("The id without a variant."),
        "hugging_face_id": nullable(text()),
        "name": text(),
        "created": integer("When it was added: seconds since 1970; 0 when nobody knows."),
        "description": text(),
        "context_length": nullable(integer("Tokens of prompt and answer together.")),
        "architecture": ref("Architecture"),
        "pricing": ref("Pricing"),
        "top_provider": _TOP_PROVIDER,
        "per_request_limits": nullable(_LIMITS),
        "supported_parameters": listing(text()),
        "default_parameters": nullable(anything()),
        "supported_voices": nullable(listing(text())),
        "knowledge_cutoff": nullable(text()),
        "expiration_date": nullable(text()),
        "links": record({"details": text("Where its endpoints are listed.")}),
        "media_pricing": record(
            {"usd": text("Dollars."), "unit": text("For what."), "steps": integer()},
            "What models that make no text cost.",
            optional=("steps",),
        ),
    },
    "A model, with the figures of its cheapest endpoint.",
    optional=("media_pricing",),
)


def _percentiles(says: str) -> Schema:
    fields = {name: number() for name in ("p50", "p75", "p90", "p99")}
    return nullable(record(fields, says))


def _uptime(span: str) -> Schema:
    return nullable(number(f"Percent of attempts that succeeded in {span}.", 0, 100))


_TOOL_CHOICES = {name: boolean() for name in ("auto", "function", "none", "required")}

_ENDPOINT = record(
    {
        "name": text("The provider and the model."),
        "model_id": text(),
        "model_name": text(),
        "provider_name": text(),
        "tag": text("What `provider.order` calls it."),
        "context_length": integer("Tokens of prompt and answer together."),
        "max_completion_tokens": nullable(integer("The longest answer, in tokens.")),
        "max_prompt_tokens": nullable(integer()),
        "pricing": ref("Pricing"),
        "list_pricing": nullable(ref("Prices", "Before the discount.")),
        "quantization": nullable(text("The precision of its weights: `fp16`, `int8`.")),
        "supported_parameters": listing(text()),
        "is_moderated": boolean("Whether it flags input."),
        "status": one_of(
            "0 normal; -2 below 95 % uptime in the last 5 minutes; -5 below 80 %.", 0, -2, -5
        ),
        "uptime_last_5m": _uptime("5 minutes"),
        "uptime_last_30m": _uptime("30 minutes"),
        "uptime_last_1d": _uptime("a day"),
        "latency_last_30m": _percentiles("Seconds until the first content."),
        "throughput_last_30m": _percentiles("Tokens per second."),
        "supports_implicit_caching": boolean(),
        "supports_voice_cloning": boolean(),
        "supports_diarization": boolean(),
        "supports_tool_choice": record(_TOOL_CHOICES, "Which values of `tool_choice` it takes."),
        "native_tools": anything(),
        "service_tier": nullable(text()),
    },
    "A model at a provider. Figures are null where nobody used it in that time.",
)

_PROVIDER = record(
    {
        "name": text(),
        "slug": text("What `provider.order` calls it."),
        "privacy_policy_url": nullable(text()),
        "terms_of_service_url": nullable(text()),
        "status_page_url": nullable(text()),
        "headquarters": nullable(text()),
        "datacenters": nullable(listing(text())),
        "data_policy": record(
            {
                "training": boolean("Whether it may train on prompts."),
                "retains_prompts": boolean("Whether it may keep prompts."),
            },
            "What is not known is taken for the worst.",
        ),
    },
    "Who serves models.",
)

_LIST = record(
    {
        "data": listing(ref("Model")),
        "links": record({"next": nullable(text("Where the next page is."))}),
        "total_count": integer("On all pages together.", 0),
        "models": listing(anything(), "Always empty: for clients that look here first."),
    },
    "A page of models.",
)

SCHEMAS: Mapping[str, Schema] = {
    "Model": _MODEL,
    "ModelList": _LIST,
    "Architecture": _ARCHITECTURE,
    "Pricing": _PRICING,
    "Prices": record(_PRICES, "Dollars as decimal text."),
    "Endpoint": _ENDPOINT,
    "Provider": _PROVIDER,
}
