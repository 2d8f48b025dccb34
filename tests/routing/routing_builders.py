"""Values of the routing core, with defaults: a caller names only what the test is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.snapshot import Catalog, Endpoint, Model, Prices, Provider
from routing.pricing import Size
from routing.request import ChatRequest

LLAMA = "meta-llama/llama-3-8b-instruct"
# $1 per million tokens, in pico-dollars per token.
MICRO = 1_000_000


def provider(name="DeepInfra", **fields):
    slug = name.lower().replace(" ", "-")
    defaults = {
        "slug": slug,
        "name": name,
        "dialect": "openai",
        "served_at": f"https://{slug}.example/v1",
        "chat_path": "/chat/completions",
    }
    return Provider(**(defaults | fields))


def endpoint(id=1, by=None, prompt=MICRO, completion=MICRO, image=0, request=0, **fields):
    """`by` is a Provider or the name of one; the prices are pico-dollars."""
    defaults = {
        "id": id,
        "model_id": LLAMA,
        "provider": by if isinstance(by, Provider) else provider(by or f"Provider {id}"),
        "upstream_model": "llama-3-8b",
        "prices": Prices(prompt, completion, image, request),
        "context_length": 8192,
        "supported_parameters": frozenset({"temperature", "max_tokens"}),
    }
    return Endpoint(**(defaults | fields))


def model(*endpoints, id=LLAMA, **fields):
    prices = endpoints[0].prices if endpoints else Prices()
    return Model(
        **({"id": id, "name": id, "kind": "chat", "prices": prices, "tokenizer": "GPT"} | fields),
        endpoints=endpoints,
    )


def catalog(*models):
    providers = {}
    for entry in models:
        for each in entry.endpoints:
            providers.setdefault(each.provider.slug, each.provider)
    return Catalog(1, {each.id: each for each in models}, providers)


def chat_request(text="hi", **fields):
    messages = ({"role": "user", "content": text},)
    return ChatRequest(**({"messages": messages, "model": LLAMA, "message_count": 1} | fields))


def size(prompt_tokens=100, prompt_ceiling=None, images=0, max_tokens=None):
    ceiling = prompt_tokens * 5 // 4 + 16 if prompt_ceiling is None else prompt_ceiling
    return Size(prompt_tokens, ceiling, images, max_tokens)


@dataclass
class Caller:
    default_model: str = LLAMA
    allow_training: bool = True
    allow_retention: bool = True
    middle_out: bool = True
    ignored_providers: frozenset[str] = frozenset()
    own_providers: dict = field(default_factory=dict)
    allowed_models: frozenset[str] = frozenset()
