"""Models, their endpoints and providers."""

from __future__ import annotations

from typing import Any

from documentation.openapi import model_schemas
from documentation.openapi.model_parameters import FEED, FILTERS, ORDER_AND_PAGE
from documentation.openapi.operation import (
    Access,
    Content,
    Group,
    Operation,
    Parameter,
    path_text,
)
from documentation.openapi.schema import integer, listing, nullable, number, record, ref, text
from routing.sampling import DAYS, GENERATIONS_MIN, PARAMETERS, PERCENTS

_ID = "meta-llama/llama-3-8b-instruct"
_AUTHOR = path_text("author", "The part of the id before the slash.", "meta-llama")
_SLUG = path_text("slug", "The part after it, with its variant if any.", "llama-3-8b-instruct")
_NO_MODEL = {404: "There is no model of this id."}
_BAD_VALUE = {400: "A value cannot be: the message names the parameter."}

_ARCHITECTURE = {
    "modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"],
    "tokenizer": "Llama3", "instruct_type": "llama3",
}  # fmt: skip
_PRICES = {"prompt": "0.0000001", "completion": "0.0000001", "image": "0", "request": "0"}
_PRICING = {**_PRICES, "discount": 0}
_MODEL: dict[str, Any] = {
    "id": _ID, "canonical_slug": _ID, "hugging_face_id": "meta-llama/Meta-Llama-3-8B-Instruct",
    "name": "Meta: Llama 3 8B Instruct", "created": 1713398400, "description": "Small and quick.",
    "context_length": 8192, "architecture": _ARCHITECTURE, "pricing": _PRICING,
    "top_provider": {"context_length": 8192, "max_completion_tokens": None, "is_moderated": False},
    "per_request_limits": None, "supported_parameters": ["max_tokens", "temperature"],
    "default_parameters": None, "supported_voices": None, "knowledge_cutoff": None,
    "expiration_date": None, "links": {"details": f"/api/v1/models/{_ID}/endpoints"},
}  # fmt: skip
_LIST = {"data": [_MODEL], "links": {"next": None}, "total_count": 1, "models": []}
_ENDPOINT: dict[str, Any] = {
    "name": f"DeepInfra | {_ID}", "model_id": _ID, "model_name": "Meta: Llama 3 8B Instruct",
    "provider_name": "DeepInfra", "tag": "deepinfra", "context_length": 8192,
    "max_completion_tokens": None, "max_prompt_tokens": None, "pricing": _PRICING,
    "list_pricing": None, "quantization": "fp16",
    "supported_parameters": ["max_tokens", "temperature"], "is_moderated": False, "status": 0,
    "uptime_last_5m": 100, "uptime_last_30m": 99.5, "uptime_last_1d": 99.87,
    "latency_last_30m": {"p50": 0.25, "p75": 0.35, "p90": 0.48, "p99": 0.85},
    "throughput_last_30m": {"p50": 45.2, "p75": 38.5, "p90": 28.3, "p99": 15.1},
    "supports_implicit_caching": False, "supports_voice_cloning": False,
    "supports_diarization": False,
    "supports_tool_choice": {"auto": False, "function": False, "none": False, "required": False},
    "native_tools": {}, "service_tier": None,
}  # fmt: skip
_PROVIDER = {
    "name": "DeepInfra", "slug": "deepinfra", "privacy_policy_url": None,
    "terms_of_service_url": None, "status_page_url": None, "headquarters": None,
    "datacenters": None, "data_policy": {"training": False, "retains_prompts": False},
}  # fmt: skip

_MODELS = Operation(
    "get", "/models", "listModels", "Models",
    "Every model that is served here. With a key, `per_request_limits` says what its credits allow;"
    " without one the answer may be cached. Other parameters of OpenRouter's (`category`, `region`,"
    " `distillable`, bounds of scores) are accepted and change nothing.",
    Access.OPTIONAL,
    (
        Content(ref("ModelList"), _LIST),
        Content(text("With `use_rss=true`."), media_type="application/rss+xml"),
    ),
    parameters=(*FILTERS, *ORDER_AND_PAGE, *FEED),
    errors={**_BAD_VALUE, 429: "More than 200 requests in one second with one key."},
)  # fmt: skip

_COUNT = Operation(
    "get", "/models/count", "countModels", "How many models",
    "The number of models that `GET /models` lists.", Access.PUBLIC,
    (
        Content(
            record({"data": record({"count": integer(minimum=0)})}), {"data": {"count": 143}}
        ),
    ),
    parameters=FILTERS,
    errors=_BAD_VALUE,
)  # fmt: skip

_OF_USER = Operation(
    "get", "/models/user", "listModelsOfUser", "Models you may use",
    "The same list without the models that your key may not use, or that the data policy and the"
    " ignored providers of your account leave nobody for.",
    Access.ANY_KEY,
    (Content(ref("ModelList"), _LIST),),
    parameters=(*FILTERS, *ORDER_AND_PAGE),
    errors=_BAD_VALUE,
)  # fmt: skip

_ONE = Operation(
    "get", "/model/{author}/{slug}", "getModel", "One model", "A model by its id.",
    Access.PUBLIC, (Content(record({"data": ref("Model")}), {"data": _MODEL}),),
    parameters=(_AUTHOR, _SLUG), errors=_NO_MODEL,
)  # fmt: skip

_OF_MODEL = {
    name: _MODEL[name] for name in ("id", "name", "created", "description", "architecture")
}
_ENDPOINTS = Operation(
    "get", "/models/{author}/{slug}/endpoints", "listEndpoints", "Endpoints of a model",
    "Who serves a model, at which price and how well, in the order in which they are tried.",
    Access.PUBLIC,
    (
        Content(
            record(
                {
                    "data": record(
                        {
                            "id": text(), "name": text(), "created": integer(),
                            "description": text(), "architecture": ref("Architecture"),
                            "endpoints": listing(ref("Endpoint")),
                        }
                    )
                }
            ),
            {"data": {**_OF_MODEL, "endpoints": [_ENDPOINT]}},
        ),
    ),
    parameters=(_AUTHOR, _SLUG),
    errors=_NO_MODEL,
)  # fmt: skip

_ZDR = Operation(
    "get", "/endpoints/zdr", "listZdrEndpoints", "Endpoints that keep no prompts",
    "All endpoints that `provider.zdr` leaves to choose from.", Access.PUBLIC,
    (Content(record({"data": listing(ref("Endpoint"))}), {"data": [_ENDPOINT]}),),
)  # fmt: skip

_PROVIDERS = Operation(
    "get", "/providers", "listProviders", "Providers",
    "Everybody whom this server knows, and their data policies.", Access.PUBLIC,
    (Content(record({"data": listing(ref("Provider"))}), {"data": [_PROVIDER]}),),
)  # fmt: skip

_FIGURES = {f"{name}_p{percent}": nullable(number()) for name in PARAMETERS for percent in PERCENTS}
_PARAMETERS = Operation(
    "get", "/parameters/{author}/{slug}", "getParameters", "Parameters in use",
    "Which sampling parameters a model takes, and which values callers really send: the 10th, 50th"
    f" and 90th percentile of the last {DAYS} days, null where fewer than {GENERATIONS_MIN}"
    " requests had one.",
    Access.ANY_KEY,
    (
        Content(
            record(
                {
                    "data": record(
                        {
                            "model": text(), "supported_parameters": listing(text()), **_FIGURES
                        }
                    )
                }
            ),
            {
                "data": {
                    "model": _ID, "supported_parameters": ["max_tokens", "temperature"],
                    **dict.fromkeys(_FIGURES), "temperature_p10": 0.2, "temperature_p50": 0.7,
                    "temperature_p90": 1,
                }
            },
        ),
    ),
    parameters=(
        _AUTHOR, _SLUG,
        Parameter("provider", text("Only of this provider: its name or slug.")),
    ),
    errors={**_NO_MODEL, 400: "The provider does not serve the model."},
)  # fmt: skip

GROUP = Group(
    "models", "Models and providers",
    "What there is to ask for, who serves it, what it costs and how well it runs.",
    (_MODELS, _COUNT, _OF_USER, _ONE, _ENDPOINTS, _ZDR, _PROVIDERS, _PARAMETERS),
    model_schemas.SCHEMAS,
)  # fmt: skip
