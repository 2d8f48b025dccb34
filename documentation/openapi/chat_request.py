"""The schemas of what a completion is asked with. Pure. Ranges: routing.parameters."""

from __future__ import annotations

from collections.abc import Mapping

from documentation.openapi.messages import MESSAGES, RESPONSE_FORMAT, TOOL_CHOICE, TOOLS
from documentation.openapi.schema import (
    Fields,
    Schema,
    boolean,
    either,
    integer,
    listing,
    mapping,
    number,
    one_of,
    optional_fields,
    record,
    ref,
    text,
)
from routing.parameters import BIASES_MAX, STOP_CHARACTERS_MAX, STOPS_MAX
from routing.preferences import PERCENTILES, PRICE_MAX_DOLLARS, QUANTIZATIONS

_INT32_MAX = 2**31 - 1
_MODEL_CHARACTERS_MAX = 256

_STOP = text(minLength=1, maxLength=STOP_CHARACTERS_MAX)

_SAMPLING: Fields = {
    "max_tokens": integer("The most tokens of the answer; by default what fits.", 1, _INT32_MAX),
    "max_completion_tokens": integer("The newer name of `max_tokens`.", 1, _INT32_MAX),
    "temperature": number("How varied the answer is: 0 always takes the likeliest word.", 0, 2),
    "top_p": number(
        "Only the likeliest tokens whose odds add up to this share.", maximum=1, exclusiveMinimum=0
    ),
    "top_k": integer("Only so many of the likeliest tokens; 0 is no limit.", 0, _INT32_MAX),
    "frequency_penalty": number("Against tokens, by how often they came already.", -2, 2),
    "presence_penalty": number("Against tokens that came already.", -2, 2),
    "repetition_penalty": number(
        "Against repeating the prompt and the answer; 1 changes nothing.",
        maximum=2,
        exclusiveMinimum=0,
    ),
    "min_p": number("Only tokens at least this likely, relative to the likeliest.", 0, 1),
    "top_a": number("Like `min_p`, by the square of the likeliest one's odds.", 0, 1),
    "seed": integer("The same seed asks for the same answer. Not all models keep to it."),
    "stop": either(
        _STOP, listing(_STOP, maxItems=STOPS_MAX), says="The answer ends before these words."
    ),
    "logit_bias": mapping(
        number(minimum=-100, maximum=100),
        "By token id: how much likelier or less likely it becomes.",
        maxProperties=BIASES_MAX,
        propertyNames={"pattern": "^[0-9]{1,10}$"},
    ),
    "logprobs": boolean("Whether the answer has the log-probability of each token."),
    "top_logprobs": integer("With `logprobs`: of so many likeliest tokens at each place.", 0, 20),
    "response_format": RESPONSE_FORMAT,
    "tools": TOOLS,
    "tool_choice": TOOL_CHOICE,
    "parallel_tool_calls": boolean("Whether the model may ask for several calls at once."),
    "n": one_of("One answer: send one request for each that you want.", 1),
}  # fmt: skip

_ROUTING: Fields = {
    "model": text(
        "The id of the model. Without it, the default model of your account is asked. `:nitro`"
        " after an id sorts providers by throughput, `:floor` by price.",
        minLength=1,
        maxLength=_MODEL_CHARACTERS_MAX,
    ),
    "models": listing(
        text(minLength=1, maxLength=_MODEL_CHARACTERS_MAX),
        "Models to fall back to, in this order.",
        maxItems=16,
    ),
    "route": one_of(
        "Without `models`: a suitable open-source model of at most the same price is the fallback.",
        "fallback",
    ),
    "provider": ref("ProviderPreferences"),
    "transforms": listing(
        one_of("", "middle-out"),
        "`middle-out`, the default, shortens a prompt that is too long from its middle. `[]`: it is"
        " refused instead.",
        maxItems=16,
    ),
    "stream": boolean("Whether the answer comes piece by piece, as server-sent events."),
    "user": text("Your own id of the person who asks.", maxLength=256),
}

_NAMES = listing(text(minLength=1, maxLength=64), maxItems=64)
_PRICE = either(number(minimum=0, maximum=PRICE_MAX_DOLLARS), text(pattern=r"^[0-9.]{1,32}$"))


def _providers(says: str) -> Schema:
    return {**_NAMES, "description": says}


def _percentiles(says: str) -> Schema:
    fields = optional_fields({name: number(minimum=0, maximum=1e9) for name in PERCENTILES})
    return either(
        number("Of the median.", 0, 1e9), record(fields, required=(), closed=True), says=says
    )


_SORT = one_of("", "price", "throughput", "latency", "exacto")

_PREFERENCES = record(
    optional_fields(
        {
            "order": _providers(
                "Only these providers, in this order: names or slugs. Those that are not available"
                " are skipped."
            ),
            "only": _providers("Only these providers."),
            "ignore": _providers("None of these providers."),
            "allow_fallbacks": boolean("Whether others are asked when the first one fails."),
            "require_parameters": boolean(
                "Only providers that support every parameter of the request."
            ),
            "data_collection": one_of(
                "`deny`: no providers that may train on prompts.", "allow", "deny"
            ),
            "zdr": boolean("Only providers that keep no prompts."),
            "quantizations": listing(
                one_of("", *QUANTIZATIONS), maxItems=len(QUANTIZATIONS),
                says="Only endpoints of these precisions.",
            ),
            "sort": either(
                _SORT,
                record(
                    optional_fields({"by": _SORT, "partition": one_of("", "model", "none")}),
                    "`partition`: within each model, or across all of them.",
                    required=(),
                    closed=True,
                ),
                says="By what providers are sorted, instead of drawn by their price.",
            ),
            "max_price": record(
                optional_fields(
                    {
                        "prompt": _PRICE, "completion": _PRICE, "image": _PRICE, "request": _PRICE,
                        "audio": _PRICE,
                    }
                ),
                "The most you pay: dollars for a million tokens, for an image, for a request.",
                required=(),
                closed=True,
            ),
            "preferred_min_throughput": _percentiles(
                "Tokens per second; slower endpoints are asked last."
            ),
            "preferred_max_latency": _percentiles(
                "Seconds until the first content; slower endpoints are asked last."
            ),
        }
    ),
    "Which providers are asked, and in which order. Unknown fields are refused.",
    required=(),
    closed=True,
)  # fmt: skip

_PROMPT = text("Text to go on with, instead of `messages`. The answer has the legacy shape.")

SCHEMAS: Mapping[str, Schema] = {
    "ChatRequest": record(
        optional_fields({"messages": MESSAGES, "prompt": _PROMPT, **_ROUTING, **_SAMPLING}),
        "Either `messages` or `prompt` is needed. A parameter that a model does not support is left"
        " away; unknown fields are ignored.",
        required=(),
    ),
    "CompletionRequest": record(
        {
            "prompt": either(
                text(),
                listing(text(), minItems=1, maxItems=1),
                says="The text to go on with; or an array with it alone.",
            ),
            **optional_fields({**_ROUTING, **_SAMPLING}),
            "logprobs": {
                **either(boolean(), integer(minimum=0, maximum=20)),
                "description": "Of how many likeliest tokens at each place.",
            },
        },
        required=("prompt",),
    ),
    "ProviderPreferences": _PREFERENCES,
}
