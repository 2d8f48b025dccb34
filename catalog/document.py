"""A catalog as one JSON document -> validated rows, before any database is touched.

`{"providers": [...], "models": [...], "endpoints": [...]}` in the shape of `catalog/data`. A key
that is absent says nothing about its rows. The price of a model is that of its endpoints, so
`models[].pricing` is not read; nor is anything else that no row holds (remarks, sources).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from catalog import models
from catalog.entry import Entry, InvalidCatalog

DATA = Path(__file__).parent / "data"
PACKAGED_FILES = ("providers_2024.json", "catalog_2024.json", "endpoints_2024.json")
_SECTIONS = ("providers", "models", "endpoints")
# Variables beside the credential that the data also names; their values are not secrets to send.
_ADDRESS_VARIABLES = ("_PROJECT", "_LOCATION", "_ENDPOINT", "_NAME")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row as the document wants it. `fields` are those of its model, foreign keys left out."""

    key: tuple[str, ...]
    fields: dict[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Document:
    """Keys are (slug,) of providers and models, (model, provider name or slug, tag) of endpoints.

    None stands for a section that the document does not have.
    """

    providers: list[Wanted] | None
    models: list[Wanted] | None
    endpoints: list[Wanted] | None


def packaged() -> dict[str, Any]:
    """The catalog of end of May 2024 that comes with the product."""
    merged: dict[str, Any] = {}
    for name in PACKAGED_FILES:
        merged |= decode((DATA / name).read_bytes())
    return merged


def decode(content: bytes) -> Any:
    """JSON whose numbers stay exact; raises InvalidCatalog."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidCatalog(f"is not JSON: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def parse(value: Any) -> Document:
    """The document's rows; raises InvalidCatalog naming the entry and the field."""
    top = Entry(value, "the document")
    strange = [key for key in value if key not in _SECTIONS and not key.startswith("_")]
    if strange:
        raise InvalidCatalog(f"the document: unknown key {strange[0]!r}")
    if not any(top.has(section) for section in _SECTIONS):
        raise InvalidCatalog(f"the document has none of {', '.join(_SECTIONS)}")
    return Document(
        providers=_section(top, "providers", _provider),
        models=_section(top, "models", _model),
        endpoints=_section(top, "endpoints", _endpoint),
    )


def _section(top: Entry, section: str, read: Callable[[Entry], Wanted]) -> list[Wanted] | None:
    if not top.has(section):
        return None
    return list(_unique(read(entry) for entry in _entries(top, section)))


def _entries(top: Entry, section: str) -> Iterator[Entry]:
    for index, value in enumerate(top.objects(section)):
        yield Entry(value, f"{section}[{index}]")


def _unique(rows: Iterator[Wanted]) -> Iterator[Wanted]:
    seen: dict[tuple[str, ...], str] = {}
    for row in rows:
        if row.key in seen:
            raise InvalidCatalog(f"{row.where} is {seen[row.key]} once more")
        seen[row.key] = row.where
        yield row


def _checked(row: models.Row, where: str) -> dict[str, Any]:
    """The fields of a row that passed its validators."""
    outside = {"id", "model", "provider", "enabled", "origin"}
    try:
        row.clean_fields(exclude=outside)
        row.clean()
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise InvalidCatalog(f"{where}: {field}: {problems[0]}") from None
    names = [field.name for field in row._meta.concrete_fields if field.name not in outside]
    return {name: getattr(row, name) for name in names}


def _provider(entry: Entry) -> Wanted:
    slug = entry.text("slug")
    entry.where += f" {slug}"
    auth, paths, policy = (entry.entry(key) for key in ("auth", "paths", "data_policy"))
    variables = [entry.text_or_empty("env_var"), *entry.texts("env_var_aliases")]
    usage = entry.entry("streaming").text_or_empty("usage")
    renames = entry.entry("param_renames")
    row = models.Provider(
        slug=slug,
        name=entry.text("name"),
        dialect=entry.text("protocol"),
        base_url=entry.text("base_url").rstrip("/"),
        chat_path=paths.first_word("chat"),
        completions_path=paths.first_word("completions"),
        models_path=paths.first_word("models"),
        auth_kind=auth.text_or_empty("kind") or models.Provider.AuthKind.HEADER,
        auth_header=auth.text("header") if auth.has("header") else "Authorization",
        auth_scheme=auth.text_or_empty("scheme"),
        credential_env=[
            name for name in variables if name and not name.endswith(_ADDRESS_VARIABLES)
        ],
        extra_headers=auth.mapping("extra_headers"),
        unsupported_parameters=entry.texts("params_unsupported"),
        parameter_renames={
            name: renames.first_word(name) for name in entry.mapping("param_renames")
        },
        quirks=entry.mapping("quirks"),
        # "last chunk, empty choices, only with stream_options.include_usage", as OpenAI does.
        takes_stream_options="only with stream_options" in usage,
        supports_cancellation=entry.boolean("supports_cancellation"),
        may_train=policy.boolean("training", default=True),
        retains_prompts=policy.boolean("retains_prompts", default=True),
    )
    return Wanted((slug,), _checked(row, entry.where), entry.where)


def _model(entry: Entry) -> Wanted:
    slug = entry.text("id")
    entry.where += f" {slug}"
    architecture = entry.entry("architecture")
    row = models.Model(
        slug=slug,
        name=entry.text("name"),
        kind=entry.text_or_empty("kind") or models.Model.Kind.CHAT,
        description=entry.text_or_empty("description"),
        created=entry.integer("created") or 0,
        context_length=entry.integer("context_length"),
        max_completion_tokens=entry.integer("max_completion_tokens"),
        messages_max=entry.integer("messages_max"),
        modality=architecture.text_or_empty("modality") or "text",
        input_modalities=architecture.texts("input_modalities") or ["text"],
        output_modalities=architecture.texts("output_modalities") or ["text"],
        tokenizer=architecture.text_or_empty("tokenizer") or "Other",
        instruct_type=architecture.text_or_empty("instruct_type"),
        is_moderated=entry.boolean("is_moderated"),
        supported_parameters=entry.texts("supported_parameters"),
        quantization=entry.text_or_empty("quantization"),
        hugging_face_id=entry.text_or_empty("huggingface_id"),
        variant=slug.partition(":")[2],
        base_slug=entry.text_or_empty("base_id"),
        routes_to=entry.texts("routes_to"),
        media_pricing=entry.mapping("media_pricing") or None,
    )
    return Wanted((slug,), _checked(row, entry.where), entry.where)


def _endpoint(entry: Entry) -> Wanted:
    key = (entry.text("model"), entry.text("provider"), entry.text_or_empty("tag"))
    entry.where += f" {key[0]} @ {key[1]}"
    pricing, listed = entry.entry("pricing"), entry.entry("list_pricing")
    row = models.Endpoint(
        tag=key[2],
        upstream_model=entry.text("upstream_model"),
        price_prompt_pico=pricing.price("prompt"),
        price_completion_pico=pricing.price("completion"),
        price_image_pico=pricing.price("image") if pricing.has("image") else 0,
        price_request_pico=pricing.price("request") if pricing.has("request") else 0,
        list_price_prompt_pico=listed.price("prompt") if listed.has("prompt") else None,
        list_price_completion_pico=listed.price("completion") if listed.has("completion") else None,
        discount_percent=entry.integer("discount"),
        context_length=entry.integer("context_length") or 0,
        max_completion_tokens=entry.integer("max_completion_tokens"),
        quantization=entry.text_or_empty("quantization"),
        supported_parameters=entry.texts("supported_parameters"),
        is_moderated=entry.boolean("is_moderated"),
    )
    return Wanted(key, _checked(row, entry.where), entry.where)
