"""Schemas of the document as rows that people read. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from documentation.openapi.schema import Schema

_PREFIX = "#/components/schemas/"
_BIG = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is its type in words, `rules` are bounds in words, `values` all it may be.

    `parts` are the fields of the object, or of the objects in the array, that it is; of several
    possible ones, each is a part without a type. `is_above`: its parts were told already.
    """

    name: str
    kind: str
    says: str = ""
    is_required: bool = False
    rules: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    parts: tuple[Field, ...] = ()
    is_above: bool = False


class Reader:
    """Reads schemas of one document, whose `components.schemas` these are, in the order in which
    they are shown: the fields of each named one are told once."""

    def __init__(self, schemas: dict[str, Schema], *, shows_null: bool = True) -> None:
        """Without `shows_null`, that a field may be null is not told: in a request it is mostly as
        if the field was left away."""
        self._schemas = schemas
        self._shows_null = shows_null
        self._told: set[str] = set()

    def fields(self, schema: Schema) -> tuple[Field, ...]:
        """Of an object, or of each of several it can be."""
        return self._parts(schema)

    def field(self, name: str, schema: Schema, *, is_required: bool = False) -> Field:
        values = [value for each in self._variants(schema) for value in each.get("enum", ())]
        parts = self._parts(schema)
        is_above = len(parts) == 1 and parts[0].is_above and not parts[0].kind
        return Field(
            name=name,
            kind=self.kind(schema),
            says=self._says(schema),
            is_required=is_required,
            rules=tuple(rule for each in self._variants(schema) for rule in _rules(each)),
            values=tuple(str(value) for value in values if value not in (None, "")),
            parts=() if is_above else parts,
            is_above=is_above,
        )

    def _says(self, schema: Schema) -> str:
        """Its own description, or that of the one schema it stands for."""
        schemas = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        of_schema = self._resolved(schemas[0]).get("description", "") if len(schemas) == 1 else ""
        return schema.get("description") or of_schema

    def kind(self, schema: Schema) -> str:
        """string, array of strings, object, number or null."""
        words = dict.fromkeys(self._kinds(schema))
        is_null = words.pop("null", 1) is None and (self._shows_null or not words)
        last = ["null"] if is_null else []
        return " or ".join([*words, *last])

    def _kinds(self, schema: Schema) -> Iterator[str]:
        if "anyOf" in schema:
            for each in schema["anyOf"]:
                yield from self._kinds(each)
        elif "$ref" in schema:
            yield from self._kinds(self._resolved(schema))
        elif "const" in schema:
            yield str(schema["const"]).lower()
        else:
            kinds = schema.get("type", "anything")
            for kind in [kinds] if isinstance(kinds, str) else kinds:
                yield _array(self.kind(schema["items"])) if kind == "array" else kind

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].removeprefix(_PREFIX)]
        return schema

    def _variants(self, schema: Schema) -> Iterator[Schema]:
        """The simple schemas it stands for; of an array, those of its items."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            for each in schema["anyOf"]:
                yield from self._variants(each)
        else:
            yield schema
            if schema.get("type") in ("array", ["array", "null"]):
                yield from self._variants(schema["items"])

    def _parts(self, schema: Schema) -> tuple[Field, ...]:
        records = [(name, each) for name, each in self._records(schema) if "properties" in each]
        found = tuple(self._kind_of_object(name, each) for name, each in records)
        return found[0].parts if len(found) == 1 and not found[0].is_above else found

    def _kind_of_object(self, name: str, schema: Schema) -> Field:
        """One of those that something can be."""
        says = schema.get("description", "")
        if name in self._told:
            return Field(name, "", says, is_above=True)
        if name:
            self._told.add(name)
        return Field(name, "", says, parts=self._properties(schema))

    def _records(self, schema: Schema, name: str = "") -> Iterator[tuple[str, Schema]]:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_PREFIX)
            schema = self._schemas[name]
        if "anyOf" in schema:
            for each in schema["anyOf"]:
                yield from self._records(each, name)
        elif "items" in schema:
            yield from self._records(schema["items"], name)
        else:
            yield name, schema

    def _properties(self, schema: Schema) -> tuple[Field, ...]:
        required = schema.get("required", ())
        return tuple(
            self.field(name, each, is_required=name in required)
            for name, each in schema["properties"].items()
        )


def _array(kind: str) -> str:
    words = " or ".join(f"{word}s" if word != "anything" else word for word in kind.split(" or "))
    return f"array of {words}"


def _rules(schema: Schema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if above is not None:
        yield f"above {above}" + (f", at most {_number(high)}" if high is not None else "")
    elif low is not None and high is not None and high < _BIG:
        yield f"{_number(low)} to {_number(high)}"
    elif low:
        yield f"at least {_number(low)}"
    if most := schema.get("maxLength"):
        yield f"at most {_number(most)} characters"
    if most := schema.get("maxItems"):
        yield f"at most {_number(most)} of them"
    if schema.get("format") == "date-time":
        yield "RFC 3339"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
