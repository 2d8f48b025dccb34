"""Rows -> Catalog, and the credentials beside it. Where a provider is served: catalog.addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import OperationalError

from catalog import credentials, models
from catalog.addresses import own_address, served_at
from catalog.credentials import ProviderCredential
from catalog.snapshot import EMPTY, Catalog, Endpoint, Model, Prices, Provider

_READS_MAX = 5


@dataclass(frozen=True, slots=True)
class Loaded:
    """The catalog, and what it must not hold: the credentials of its providers, by id."""

    catalog: Catalog
    credentials: Mapping[str, ProviderCredential] = field(repr=False)


NOTHING = Loaded(EMPTY, {})


def read_version() -> int:
    """Counts up with each change; 0 while there was none."""
    return models.CatalogVersion.objects.values_list("version", flat=True).first() or 0


def read() -> Catalog:
    """The catalog alone."""
    return read_all().catalog


def read_all() -> Loaded:
    """The whole catalog, never half of a change. Raises what the database raises.

    Every writer counts the version up in its own transaction, so rows read between two equal
    versions belong together. This holds in both databases without a transaction of ours: in
    SQLite that would take the lock which the money writer needs.
    """
    for _ in range(_READS_MAX):
        version = read_version()
        loaded = _read_rows(version)
        if read_version() == version:
            return loaded
    raise OperationalError(f"the catalog changed during each of {_READS_MAX} reads")


def _read_rows(version: int) -> Loaded:
    provider_rows = list(
        models.Provider.objects.filter(enabled=True).prefetch_related("credentials")
    )
    model_rows = list(models.Model.objects.filter(enabled=True))
    endpoint_rows = list(models.Endpoint.objects.filter(enabled=True))
    found = {row.pk: credentials.of(row) for row in provider_rows}
    providers = {row.pk: provider(row, found[row.pk]) for row in provider_rows}
    listed = {row.pk: row for row in model_rows}
    endpoints: defaultdict[int, list[Endpoint]] = defaultdict(list)
    for row in endpoint_rows:
        if row.provider_id in providers and row.model_id in listed:
            made = endpoint(row, listed[row.model_id], providers[row.provider_id])
            endpoints[row.model_id].append(made)
    catalog = Catalog(
        version=version,
        models={row.slug: _model(row, endpoints[row.pk]) for row in model_rows},
        providers={each.slug: each for each in providers.values()},
    )
    return Loaded(catalog, {each.id: each for several in found.values() for each in several})


def provider(row: models.Provider, found: Iterable[ProviderCredential]) -> Provider:
    """Frozen, with these credentials of its own."""
    credential_ids = tuple(each.id for each in found)
    return Provider(
        slug=row.slug,
        name=row.name,
        dialect=row.dialect,
        served_at=served_at(row, has_credential=bool(credential_ids)),
        chat_path=row.chat_path or None,
        completions_path=row.completions_path or None,
        models_path=row.models_path or None,
        auth_kind=row.auth_kind,
        auth_header=row.auth_header,
        auth_scheme=row.auth_scheme or None,
        extra_headers=dict(row.extra_headers),
        credential_ids=credential_ids,
        unsupported_parameters=frozenset(row.unsupported_parameters),
        parameter_renames=dict(row.parameter_renames),
        quirks=dict(row.quirks),
        takes_stream_options=row.takes_stream_options,
        supports_cancellation=row.supports_cancellation,
        may_train=row.may_train,
        retains_prompts=row.retains_prompts,
        own_address=own_address(row),
    )


def endpoint(row: models.Endpoint, model: models.Model, provider: Provider) -> Endpoint:
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
