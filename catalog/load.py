"""Rows -> Catalog, and the rule of where each provider is served.

A provider is served, first match wins:

1. at its own address, when one of its credential variables is set, or when it needs none and
   UNCONFIGURED_PROVIDER_URL does not stand in for it;
2. nowhere, when its credential is set but its address is incomplete: a real credential is never
   sent to a stand-in;
3. at UNCONFIGURED_PROVIDER_URL, when that is set (`{slug}` is filled in);
4. nowhere.

What an operator added without a credential variable (a llama.cpp of his own) is always served at
its own address. `{placeholders}` of a base URL are filled from the environment: `{region}` of
the provider `google` is GOOGLE_REGION, `{resource}` of `azure` is AZURE_RESOURCE. `{model}` is not
one of them: the upstream client fills it, in the base URL and in the paths.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from catalog import models
from catalog.snapshot import Catalog, Endpoint, Model, Prices, Provider
from openrouter_site.environment import env_text

logger = logging.getLogger(__name__)

_READS_MAX = 5
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PLACEHOLDER_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read_version() -> int:
    """Counts up with each change; 0 while there was none."""
    return models.CatalogVersion.objects.values_list("version", flat=True).first() or 0


def read() -> Catalog:
    """The whole catalog, never half of a change. Raises what the database raises.

    Every writer counts the version up in its own transaction, so rows read between two equal
    versions belong together. This holds in both databases without a transaction of ours: in
    SQLite that would take the lock which the money writer needs.
    """
    for _ in range(_READS_MAX):
        version = read_version()
        catalog = _read_rows(version)
        if read_version() == version:
            return catalog
    raise OperationalError(f"the catalog changed during each of {_READS_MAX} reads")


def _read_rows(version: int) -> Catalog:
    provider_rows = list(models.Provider.objects.filter(enabled=True))
    model_rows = list(models.Model.objects.filter(enabled=True))
    endpoint_rows = list(models.Endpoint.objects.filter(enabled=True))
    providers = {row.pk: _provider(row) for row in provider_rows}
    listed = {row.pk: row for row in model_rows}
    endpoints: defaultdict[int, list[Endpoint]] = defaultdict(list)
    for row in endpoint_rows:
        if row.provider_id in providers and row.model_id in listed:
            endpoint = _endpoint(row, listed[row.model_id], providers[row.provider_id])
            endpoints[row.model_id].append(endpoint)
    return Catalog(
        version=version,
        models={row.slug: _model(row, endpoints[row.pk]) for row in model_rows},
        providers={provider.slug: provider for provider in providers.values()},
    )


def _environment(variable: str) -> str:
    """A file that cannot be read (NAME_FILE) is the trouble of that provider, not of all."""
    try:
        return env_text(variable)
    except ImproperlyConfigured as error:
        logger.warning("%s", error)
        return ""


def _own_address(row: models.Provider) -> str | None:
    """The base URL with its placeholders filled; None when the environment lacks one of them."""
    address = row.base_url
    for placeholder in set(_PLACEHOLDER.findall(address)) - {"model"}:
        value = _environment(f"{row.slug}_{placeholder}".upper().replace("-", "_"))
        if not _PLACEHOLDER_VALUE.fullmatch(value):
            return None
        address = address.replace(f"{{{placeholder}}}", value)
    return address


def served_at(row: models.Provider) -> str | None:
    """The base URL in effect, by the rule at the top of this file."""
    if any(_environment(variable) for variable in row.credential_env):
        return _own_address(row)
    stand_in: str = settings.UNCONFIGURED_PROVIDER_URL
    needs_none = not row.credential_env
    if needs_none and (row.origin == models.Origin.OPERATOR or not stand_in):
        return _own_address(row)
    return stand_in.replace("{slug}", row.slug).rstrip("/") or None


def _provider(row: models.Provider) -> Provider:
    return Provider(
        slug=row.slug,
        name=row.name,
        dialect=row.dialect,
        served_at=served_at(row),
        chat_path=row.chat_path or None,
        completions_path=row.completions_path or None,
        models_path=row.models_path or None,
        auth_header=row.auth_header,
        auth_scheme=row.auth_scheme or None,
        extra_headers=dict(row.extra_headers),
        credential_env=tuple(row.credential_env),
        unsupported_parameters=frozenset(row.unsupported_parameters),
        parameter_renames=dict(row.parameter_renames),
        takes_stream_options=row.takes_stream_options,
        supports_cancellation=row.supports_cancellation,
        may_train=row.may_train,
        retains_prompts=row.retains_prompts,
    )


def _endpoint(row: models.Endpoint, model: models.Model, provider: Provider) -> Endpoint:
    return Endpoint(
        id=row.pk,
        model_id=model.slug,
        provider=provider,
        upstream_model=row.upstream_model,
        prices=Prices(
            prompt_pico=row.price_prompt_pico,
            completion_pico=row.price_completion_pico,
            image_pico=row.price_image_pico,
            request_pico=row.price_request_pico,
        ),
        context_length=row.context_length,
        max_completion_tokens=row.max_completion_tokens,
        quantization=row.quantization or None,
        supported_parameters=frozenset(row.supported_parameters),
        is_moderated=row.is_moderated,
        tag=row.tag,
        list_prices=_list_prices(row),
        discount_percent=row.discount_percent,
        instruct_type=model.instruct_type or None,
        is_base=model.kind == models.Model.Kind.BASE,
    )


def _list_prices(row: models.Endpoint) -> Prices | None:
    """Prices before the discount, which is one of tokens only."""
    if row.list_price_prompt_pico is None or row.list_price_completion_pico is None:
        return None
    return Prices(
        prompt_pico=row.list_price_prompt_pico,
        completion_pico=row.list_price_completion_pico,
        image_pico=row.price_image_pico,
        request_pico=row.price_request_pico,
    )


def _routing_order(endpoint: Endpoint) -> tuple[int, str, str]:
    prices = endpoint.prices
    return prices.prompt_pico + prices.completion_pico, endpoint.provider.slug, endpoint.tag


def _advertised(endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """Whose price is shown as the model's: the lowest prompt price, the figure the seed lists.

    Of the endpoints that are served, if any: a price nobody can get is no price.
    """
    listed = list(endpoints)
    served = [endpoint for endpoint in listed if endpoint.provider.served_at is not None]
    return min(
        served or listed,
        key=lambda endpoint: (endpoint.prices.prompt_pico, endpoint.prices.completion_pico),
        default=None,
    )


def _supported_parameters(row: models.Model, endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    """What some endpoint supports, in the order of the row; a router has only its row."""
    supported = set().union(*(endpoint.supported_parameters for endpoint in endpoints))
    if not supported:
        return tuple(row.supported_parameters)
    known = [name for name in row.supported_parameters if name in supported]
    return (*known, *sorted(supported.difference(known)))


def _model(row: models.Model, found: Iterable[Endpoint]) -> Model:
    endpoints = tuple(sorted(found, key=_routing_order))
    advertised = _advertised(endpoints)
    return Model(
        id=row.slug,
        name=row.name,
        kind=row.kind,
        prices=advertised.prices if advertised else Prices(),
        endpoints=endpoints,
        description=row.description,
        created=row.created,
        context_length=row.context_length,
        max_completion_tokens=row.max_completion_tokens,
        messages_max=row.messages_max,
        modality=row.modality,
        input_modalities=tuple(row.input_modalities),
        output_modalities=tuple(row.output_modalities),
        tokenizer=row.tokenizer,
        instruct_type=row.instruct_type or None,
        is_moderated=row.is_moderated,
        supported_parameters=_supported_parameters(row, endpoints),
        quantization=row.quantization or None,
        hugging_face_id=row.hugging_face_id or None,
        variant=row.variant or None,
        base_id=row.base_slug or None,
        discount_percent=advertised.discount_percent if advertised else None,
        routes_to=tuple(row.routes_to),
        media_pricing=row.media_pricing,
    )
