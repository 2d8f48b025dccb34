"""The catalog as the data plane reads it: frozen values in memory, standard library only.

Prices are integer pico-dollars per token (prompt, completion), per image and per request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# All of a price, in basis points.
WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Prices:
    prompt_pico: int = 0
    completion_pico: int = 0
    image_pico: int = 0
    request_pico: int = 0

    @property
    def is_free(self) -> bool:
        return not (
            self.prompt_pico or self.completion_pico or self.image_pico or self.request_pico
        )


@dataclass(frozen=True, slots=True)
class Provider:
    """Who serves. `served_at` is the base URL in effect, None while nobody configured a credential.
    `own_address` is its own one, where a caller's own key is used; None while it is incomplete.

    `chat_path` and `completions_path` are appended to it; None where the provider has no such call.
    `credential_ids` are those of its credentials in the order to try, empty where it needs none or
    is played by a stand-in; the credentials themselves are never part of the catalog.
    `quirks`: where it departs from its dialect (catalog.validators.QUIRKS).
    """

    slug: str
    name: str
    dialect: str
    served_at: str | None
    chat_path: str | None = None
    completions_path: str | None = None
    models_path: str | None = None
    auth_kind: str = "header"
    auth_header: str = "Authorization"
    auth_scheme: str | None = "Bearer"
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    credential_ids: tuple[str, ...] = ()
    unsupported_parameters: frozenset[str] = frozenset()
    parameter_renames: Mapping[str, str] = field(default_factory=dict)
    quirks: Mapping[str, Any] = field(default_factory=dict)
    takes_stream_options: bool = True
    supports_cancellation: bool = False
    may_train: bool = False
    retains_prompts: bool = False
    own_address: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model at a provider, with a price.

    `instruct_type` names the template by which messages become one text, where the provider takes
    only that; `is_base`: the model itself knows no messages. `is_own`: as one caller may use it
    with his own key (routing.own_keys), for `charged_bp` hundredths of a percent of the price.
    """

    id: int
    model_id: str
    provider: Provider
    upstream_model: str
    prices: Prices
    context_length: int
    max_completion_tokens: int | None = None
    quantization: str | None = None
    supported_parameters: frozenset[str] = frozenset()
    is_moderated: bool = False
    tag: str = ""
    list_prices: Prices | None = None
    discount_percent: int | None = None
    instruct_type: str | None = None
    is_base: bool = False
    is_own: bool = False
    charged_bp: int = WHOLE_BP


@dataclass(frozen=True, slots=True)
class Model:
    """What can be asked for. `endpoints` are in routing order: cheapest first.

    `kind` is chat, base (raw completion), router (routes_to lists the candidates) or media.
    """

    id: str
    name: str
    kind: str
    prices: Prices
    endpoints: tuple[Endpoint, ...]
    description: str = ""
    created: int = 0
    context_length: int | None = None
    max_completion_tokens: int | None = None
    messages_max: int | None = None
    modality: str = "text"
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)
    tokenizer: str = "Other"
    instruct_type: str | None = None
    is_moderated: bool = False
    supported_parameters: tuple[str, ...] = ()
    quantization: str | None = None
    hugging_face_id: str | None = None
    variant: str | None = None
    base_id: str | None = None
    discount_percent: int | None = None
    routes_to: tuple[str, ...] = ()
    media_pricing: Mapping[str, str | int] | None = None

    @property
    def served_by(self) -> tuple[Endpoint, ...]:
        """Those endpoints that somebody serves here."""
        return tuple(each for each in self.endpoints if each.provider.served_at is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All of it at one version. Replaced as a whole, never changed; equal to itself alone."""

    version: int
    models: Mapping[str, Model]
    providers: Mapping[str, Provider]

    def provider_named(self, name: str) -> Provider | None:
        """By display name (the seed's "Mancer 2") or by slug ("mancer-2", "together/x")."""
        wanted = name.casefold()
        slug = wanted.partition("/")[0]
        for provider in self.providers.values():
            if wanted == provider.name.casefold() or slug == provider.slug:
                return provider
        return None


EMPTY = Catalog(version=0, models={}, providers={})
