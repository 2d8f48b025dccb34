"""One call of the API, and how it is written in OpenAPI. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from documentation.openapi import errors
from documentation.openapi.schema import Schema, text

JSON = "application/json"


class Access(Enum):
    """Which key a call takes; the value is its security requirement."""

    PUBLIC = ()
    OPTIONAL = ("", "AnyKey")
    ANY_KEY = ("AnyKey",)
    INFERENCE = ("InferenceKey",)
    MANAGEMENT = ("ManagementKey",)


#: Bearer keys of three kinds look the same; what a key may do is in its row.
SECURITY_SCHEMES: Mapping[str, Any] = {
    name: {"type": "http", "scheme": "bearer", "bearerFormat": "sk-or-v1-…", "description": says}
    for name, says in (
        ("AnyKey", "Any key of yours: for inference, or for management."),
        ("InferenceKey", "A key for inference. Management keys cannot call models."),
        ("ManagementKey", "A management key. It manages keys and cannot call models."),
    )
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """`place` is query, path or header."""

    name: str
    schema: Schema
    place: str = "query"
    required: bool = False
    example: str | None = None

    def as_openapi(self) -> dict[str, Any]:
        schema = dict(self.schema)
        found = {"name": self.name, "in": self.place, "required": self.required or self.in_path}
        if says := schema.pop("description", ""):
            found["description"] = says
        if self.example is not None:
            found["example"] = self.example
        return {**found, "schema": schema}

    @property
    def in_path(self) -> bool:
        return self.place == "path"


@dataclass(frozen=True, slots=True)
class Content:
    """An answer, or what is sent: its schema and an example, for one media type."""

    schema: Schema
    example: Any = None
    media_type: str = JSON
    # Of a stream: what each event holds. OpenAPI 3.1 has no word for that.
    event: Schema | None = None

    def as_openapi(self) -> dict[str, Any]:
        found: dict[str, Any] = {"schema": self.schema}
        if self.event is not None:
            found["x-event-schema"] = self.event
        if self.example is not None:
            found["example"] = self.example
        return {self.media_type: found}


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is below /api/v1. `errors` are causes by status, "" for the usual one.

    Those that every call can meet (500, 503), and those that come with a key or a body, are added.
    """

    method: str
    path: str
    id: str
    title: str
    says: str
    access: Access
    answers: tuple[Content, ...]
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    body: Content | None = None
    errors: Mapping[int, str] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)

    def as_openapi(self, tag: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "operationId": self.id,
            "tags": [tag],
            "summary": self.title,
            "description": self.says,
            "security": [{name: []} if name else {} for name in self.access.value],
        }
        if self.parameters:
            found["parameters"] = [each.as_openapi() for each in self.parameters]
        if self.body is not None:
            found["requestBody"] = {"required": True, "content": self.body.as_openapi()}
        found["responses"] = self._responses()
        return found

    def _responses(self) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for answer in self.answers:
            content |= answer.as_openapi()
        good: dict[str, Any] = {"description": "Done.", "content": content}
        if self.headers:
            good["headers"] = {
                name: {"description": schema.get("description", ""), "schema": schema}
                for name, schema in self.headers.items()
            }
        causes = {**self._usual_errors(), **self.errors}
        return {
            str(self.status): good,
            **{str(code): errors.response(code, causes[code]) for code in sorted(causes)},
        }

    def _usual_errors(self) -> dict[int, str]:
        found = {500: "", 503: "The server cannot answer just now: its database is away."}
        if self.access in {Access.ANY_KEY, Access.INFERENCE, Access.MANAGEMENT}:
            found |= {401: "", 429: "More than 200 requests in one second."}
        if self.access is Access.INFERENCE:
            found[403] = "The key is a management key, or the input was flagged by moderation."
        if self.access is Access.MANAGEMENT:
            found[403] = "The key is not a management key, or its holder may not do that."
        if self.body is not None:
            found |= {400: "", 413: ""}
        return found


def path_text(name: str, says: str, example: str) -> Parameter:
    return Parameter(name, text(says), "path", True, example)


@dataclass(frozen=True, slots=True)
class Group:
    """A page of the reference: a tag of the document."""

    slug: str
    title: str
    says: str
    operations: tuple[Operation, ...]
    schemas: Mapping[str, Schema] = field(default_factory=dict)
