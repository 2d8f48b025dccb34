"""The pages of the reference, read from the OpenAPI document: one for each group of calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import reverse

from documentation.openapi.document import GROUPS, document
from documentation.openapi.errors import MEANINGS
from documentation.openapi.operation import Group
from documentation.reference.curl import curl
from documentation.reference.fields import Field, Reader

_KEYS = {
    (): "No key",
    ("", "AnyKey"): "Key optional",
    ("AnyKey",): "Any key",
    ("InferenceKey",): "Inference key",
    ("ManagementKey",): "Management key",
}
_LANGUAGES = {
    "application/json": "JSON", "text/event-stream": "Stream", "text/csv": "CSV",
    "application/rss+xml": "RSS",
}  # fmt: skip


Placed = tuple[str, tuple[Field, ...]]  # where parameters are, in words, and which


@dataclass(frozen=True, slots=True)
class Answer:
    """`example` is text, empty where there is none. `kind` is what it is, in a word."""

    status: int
    kind: str
    says: str
    example: str
    fields: tuple[Field, ...]
    event_fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A status and when it comes. `name` is HTTP's."""

    status: int
    name: str
    cause: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operation as its section of the page shows it."""

    id: str
    title: str
    method: str
    path: str
    says: str
    key: str
    request: str
    parameters: tuple[Placed, ...]
    headers: tuple[Field, ...]
    body_says: str
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Page:
    slug: str
    title: str
    says: str
    address: str
    calls: tuple[Call, ...]


@lru_cache(maxsize=1)
def pages() -> Mapping[str, Page]:
    """By slug, in the order in which they are listed."""
    return {group.slug: _page(group) for group in GROUPS}


def base_url() -> str:
    url: str = document()["servers"][0]["url"]
    return url


def _page(group: Group) -> Page:
    calls = tuple(_call(each.path, each.method) for each in group.operations)
    address = reverse("reference-group", args=[group.slug])
    return Page(group.slug, group.title, group.says, address, calls)


def _call(path: str, method: str) -> Call:
    schemas = document()["components"]["schemas"]
    sent, answered = Reader(schemas, shows_null=False), Reader(schemas)
    operation = document()["paths"][path][method]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = sent.field("", content.get("schema", {}))
    return Call(
        id=operation["operationId"],
        title=operation["summary"],
        method=method.upper(),
        path=f"/api/v1{path}",
        says=operation["description"],
        key=_KEYS[tuple(name for each in operation["security"] for name in each or [""])],
        request=curl(base_url(), path, method, operation),
        parameters=_parameters(sent, operation),
        headers=_placed(sent, operation, "header"),
        body_says=body.says,
        body=body.parts,
        answers=_answers(answered, operation["responses"]),
        failures=_failures(operation["responses"]),
    )


def _parameters(reader: Reader, operation: Mapping[str, Any]) -> tuple[Placed, ...]:
    titles = (("path", "In the path"), ("query", "In the query string"))
    found = ((title, _placed(reader, operation, place)) for place, title in titles)
    return tuple((title, fields) for title, fields in found if fields)


def _placed(reader: Reader, operation: Mapping[str, Any], place: str) -> tuple[Field, ...]:
    return tuple(
        reader.field(
            each["name"],
            {**each["schema"], "description": each.get("description", "")},
            is_required=each["required"],
        )
        for each in operation.get("parameters", ())
        if each["in"] == place
    )


def _answers(reader: Reader, responses: Mapping[str, Any]) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            status=int(status),
            kind=_LANGUAGES[media_type],
            says=content["schema"].get("description", ""),
            example=_shown(content.get("example")),
            fields=reader.fields(content["schema"]),
            event_fields=reader.fields(content.get("x-event-schema", {})),
        )
        for status, response in responses.items()
        if int(status) < 400
        for media_type, content in response["content"].items()
    )


def _shown(example: Any) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)


def _failures(responses: Mapping[str, Any]) -> tuple[Failure, ...]:
    return tuple(
        Failure(int(status), MEANINGS[int(status)].name, response["description"])
        for status, response in responses.items()
        if int(status) >= 400
    )
