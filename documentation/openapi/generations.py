"""What became of a request: GET /generation."""

from __future__ import annotations

from typing import Any

from documentation.openapi.operation import Access, Content, Group, Operation, Parameter
from documentation.openapi.schema import (
    Fields,
    boolean,
    integer,
    listing,
    moment,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)

_ID = "gen-1718000000-Y2kQwXv7Lm3Zt9RbNc5D"

_FIELDS: Fields = {
    "id": text(),
    "model": text("The model that answered."),
    "streamed": boolean(),
    "generation_time": nullable(integer("Milliseconds that the whole answer took.")),
    "created_at": moment(),
    "tokens_prompt": integer("Counted by one tokenizer for all models."),
    "tokens_completion": integer("Counted by one tokenizer for all models."),
    "native_tokens_prompt": nullable(integer("As the provider counts; this is charged.")),
    "native_tokens_completion": nullable(integer("As the provider counts; this is charged.")),
    "num_media_prompt": nullable(integer("Images in the prompt.")),
    "num_media_completion": nullable(integer("Objects that were made.")),
    "origin": text("The app's address, or nothing."),
    "total_cost": number("Dollars charged to your credits."),
    "usage": number("The same."),
    "api_type": text(),
    "cancelled": boolean("Whether the caller left before the end."),
    "data_region": one_of("", "global"),
    "finish_reason": nullable(text()),
    "native_finish_reason": nullable(text("In the provider's word.")),
    "http_referer": nullable(text()),
    "is_byok": boolean("Whether a provider key of your own was used."),
    "latency": nullable(integer("Milliseconds until the first content.")),
    "native_tokens_cached": nullable(integer()),
    "native_tokens_reasoning": nullable(integer()),
    "provider_name": nullable(text()),
    "provider_responses": listing(ref("ProviderResponse"), "Who was asked, in order."),
    "upstream_id": nullable(text("The provider's own id of it.")),
    "upstream_inference_cost": nullable(number("With a provider key of yours: its list price.")),
    "user_agent": nullable(text()),
}
# OpenRouter's clients look for them.
_NEVER = (
    "app_id", "cache_discount", "external_user", "moderation_latency",
    "native_tokens_completion_images", "num_fetches", "num_input_audio_prompt",
    "num_search_results", "preset_id", "request_id", "response_cache_source_id", "router",
    "service_tier", "session_id", "web_search_engine", "workspace_id",
)  # fmt: skip

_RESPONSE = record(
    {
        "endpoint_id": text(),
        "provider_name": nullable(text()),
        "model_permaslug": nullable(text()),
        "status": nullable(integer("As in HTTP; 0 when no answer came.")),
        "latency": nullable(integer("Milliseconds.")),
        "is_byok": boolean(),
    },
    "An endpoint that was asked.",
)

_EXAMPLE: dict[str, Any] = {
    **dict.fromkeys(_FIELDS),
    **dict.fromkeys(_NEVER),
    "id": _ID, "model": "openai/gpt-4o", "streamed": True,
    "generation_time": 4120, "created_at": "2026-06-10T06:13:20.482000+00:00", "tokens_prompt": 24,
    "tokens_completion": 300, "native_tokens_prompt": 24, "native_tokens_completion": 300,
    "origin": "https://app.example", "total_cost": 0.00462, "usage": 0.00462,
    "api_type": "completions", "cancelled": False, "data_region": "global",
    "finish_reason": "stop", "native_finish_reason": "stop",
    "http_referer": "https://app.example", "is_byok": False, "latency": 180,
    "native_tokens_cached": 0, "native_tokens_reasoning": 0, "provider_name": "OpenAI",
    "provider_responses": [{
        "endpoint_id": "", "provider_name": "OpenAI",
        "model_permaslug": "openai/gpt-4o", "status": 200, "latency": 180,
        "is_byok": False,
    }],
}  # fmt: skip

_GET = Operation(
    "get",
    "/generation",
    "getGeneration",
    "Tokens and cost of a request",
    "It is there the moment the answer ends. The id is in the answer, and in its `X-Generation-Id`"
    " header.",
    Access.ANY_KEY,
    (Content(record({"data": ref("Generation")}), {"data": _EXAMPLE}),),
    parameters=(
        Parameter("id", text("Of the generation.", minLength=1), required=True, example=_ID),
    ),
    errors={400: "The id is missing.", 404: "There is none, or it is another account's."},
)

GROUP = Group(
    "generations",
    "Generations",
    "What became of a request: who answered, how many tokens it had, and what it cost.",
    (_GET,),
    {
        "Generation": record(
            {**_FIELDS, **{name: {"type": "null"} for name in _NEVER}},
            "Fields that are always null are there for OpenRouter's clients.",
        ),
        "ProviderResponse": _RESPONSE,
    },
)
