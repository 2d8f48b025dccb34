"""JSON Schema in few words: what the schemas of the API are written with. Pure.

Every function gives a new schema of JSON Schema 2020-12, as OpenAPI 3.1 has it. `says` is its
description.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Schema = dict[str, Any]
Fields = Mapping[str, Schema]


def _of(kind: str, says: str, more: Mapping[str, Any]) -> Schema:
    told = {name: value for name, value in more.items() if value is not None}
    return {"type": kind, **({"description": says} if says else {}), **told}


def text(says: str = "", **more: Any) -> Schema:
    return _of("string", says, more)


def moment(says: str = "") -> Schema:
    """A time in UTC, as in RFC 3339."""
    return text(says, format="date-time")


def integer(says: str = "", minimum: int | None = None, maximum: int | None = None) -> Schema:
    return _of("integer", says, {"minimum": minimum, "maximum": maximum})


def number(
    says: str = "", minimum: float | None = None, maximum: float | None = None, **more: Any
) -> Schema:
    return _of("number", says, {"minimum": minimum, "maximum": maximum, **more})


def boolean(says: str = "", **more: Any) -> Schema:
    return _of("boolean", says, more)


def one_of(says: str, *values: str | int) -> Schema:
    """Exactly one of these values."""
    kind = "string" if isinstance(values[0], str) else "integer"
    return _of(kind, says, {"enum": list(values)})


def listing(items: Schema, says: str = "", **more: Any) -> Schema:
    return _of("array", says, {"items": items, **more})


def mapping(values: Schema, says: str = "", **more: Any) -> Schema:
    """An object with any names."""
    return _of("object", says, {"additionalProperties": values, **more})


def anything(says: str = "") -> Schema:
    """An object of somebody else's, which we hand on."""
    return _of("object", says, {"additionalProperties": True})


def record(
    fields: Fields,
    says: str = "",
    *,
    required: Collection[str] | None = None,
    optional: Collection[str] = (),
    closed: bool = False,
) -> Schema:
    """An object with these fields: all are always there but the `optional`, or only the `required`.

    `closed`: any other field is refused.
    """
    there = [name for name in fields if name not in optional] if required is None else [*required]
    more: dict[str, Any] = {"properties": dict(fields)}
    if there:
        more["required"] = there
    if closed:
        more["additionalProperties"] = False
    return _of("object", says, more)


def ref(name: str, says: str = "") -> Schema:
    """One of the document's schemas by name."""
    schema: Schema = {"$ref": f"#/components/schemas/{name}"}
    return {**schema, "description": says} if says else schema


def either(*schemas: Schema, says: str = "") -> Schema:
    """Whichever fits."""
    return {**({"description": says} if says else {}), "anyOf": list(schemas)}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    says = schema.get("description", "")
    if "$ref" in schema:
        return either({"$ref": schema["$ref"]}, {"type": "null"}, says=says)
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    found = {**schema, "type": [schema["type"], "null"]}
    return {**found, "enum": [*schema["enum"], None]} if "enum" in schema else found


def optional_fields(fields: Fields) -> dict[str, Schema]:
    """Fields of a request that may be left away, or null, which means the same."""
    return {name: nullable(schema) for name, schema in fields.items()}


def const(value: str | int | bool) -> Schema:
    """This value and no other."""
    return {"const": value}
