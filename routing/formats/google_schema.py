"""JSON Schema as Google's APIs take it: the subset of OpenAPI 3.0 of their `Schema` message. Pure.

Any other key is refused ("Unknown name ...: Cannot find field"), so it is left out or said in
another way. Source: Gemini API reference, Schema.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_KEPT = (
    "title", "description", "nullable", "minItems", "maxItems", "minProperties", "maxProperties",
    "minLength", "maxLength", "pattern", "minimum", "maximum",
)  # fmt: skip
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_FORMATS = {
    "string": {"enum", "date-time"},
    "number": {"float", "double"},
    "integer": {"int32", "int64"},
}
# References inside a schema can make a small document into an endless one.
_NODES_MAX = 5_000
_DEPTH_MAX = 64


def cleaned(schema: Schema) -> Schema:
    """This schema in the words Google knows, references resolved."""
    return _Cleaner(schema).schema(schema, 0)


def is_empty_object(schema: Schema) -> bool:
    """Parameters of a function that takes none, which must be left out altogether."""
    return schema.get("type") in (None, "object") and not schema.get("properties")


class _Cleaner:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._nodes = 0
        self._followed: list[str] = []

    def schema(self, given: Any, depth: int) -> Schema:
        self._nodes += 1
        if not isinstance(given, dict) or depth > _DEPTH_MAX or self._nodes > _NODES_MAX:
            return {"type": "OBJECT"}
        if "$ref" in given:
            return self._referred(given, depth)
        if isinstance(merged := given.get("allOf"), list) and merged:
            return self.schema(_merged(given, merged), depth + 1)
        clean = {name: given[name] for name in _KEPT if given.get(name) is not None}
        self._alternatives(given, clean, depth)
        kind = self._type(given, clean)
        if kind is None:
            return clean
        clean["type"] = kind.upper()
        if str(given.get("format")) in _FORMATS.get(kind, ()):
            clean["format"] = given["format"]
        if kind == "string" and (choices := _choices(given)):
            clean |= {"enum": choices, "format": "enum"}
        if kind == "array":
            clean["items"] = self.schema(given.get("items") or {"type": "string"}, depth + 1)
        if kind == "object":
            self._properties(given, clean, depth)
        return clean

    def _referred(self, given: Schema, depth: int) -> Schema:
        """What a `$ref` means, with the words beside it; any object where it leads nowhere, or
        into itself."""
        reference = str(given["$ref"])
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict) or reference in self._followed:
            return {"type": "OBJECT"}
        self._followed.append(reference)
        beside = {key: value for key, value in given.items() if key != "$ref"}
        clean = self.schema(found | beside, depth + 1)
        self._followed.pop()
        return clean

    def _alternatives(self, given: Schema, clean: Schema, depth: int) -> None:
        options = given.get("anyOf") or given.get("oneOf")
        if not isinstance(options, list):
            return
        real = [option for option in options if option != {"type": "null"}]
        if len(real) < len(options):
            clean["nullable"] = True
        if len(real) == 1:
            clean |= self.schema(real[0], depth + 1) | clean
        elif real:
            clean["anyOf"] = [self.schema(option, depth + 1) for option in real]

    @staticmethod
    def _type(given: Schema, clean: Schema) -> str | None:
        kind = given.get("type")
        if isinstance(kind, list):
            if "null" in kind:
                clean["nullable"] = True
            kind = next((each for each in kind if each != "null"), None)
        if isinstance(kind, str) and kind in _TYPES:
            return kind
        if "anyOf" in clean or "type" in clean:
            return None
        if isinstance(given.get("properties"), dict):
            return "object"
        return "array" if "items" in given else "string"

    def _properties(self, given: Schema, clean: Schema, depth: int) -> None:
        properties = given.get("properties")
        if not isinstance(properties, dict) or not properties:
            return
        clean["properties"] = {
            name: self.schema(inner, depth + 1) for name, inner in properties.items()
        }
        required = given.get("required")
        if isinstance(required, list):
            # One that is required and not described is refused.
            clean["required"] = [
                name for name in required if isinstance(name, str) and name in properties
            ]


def _choices(given: Schema) -> list[str]:
    """Only words can be chosen from: the API refuses numbers and the empty word in `enum`."""
    choices = given.get("enum", [given["const"]] if "const" in given else [])
    found = choices if isinstance(choices, list) else []
    return [choice for choice in found if isinstance(choice, str) and choice]


def _merged(given: Schema, parts: list[Any]) -> Schema:
    """`allOf` as one schema: properties and requirements are joined, the rest is the first's."""
    result: Schema = {key: value for key, value in given.items() if key != "allOf"}
    for part in parts:
        if not isinstance(part, dict):
            continue
        for key, value in part.items():
            known = result.get(key)
            if key == "properties" and isinstance(value, dict):
                result[key] = value | (known if isinstance(known, dict) else {})
            elif key == "required" and isinstance(value, list):
                result[key] = [*(known if isinstance(known, list) else ()), *value]
            else:
                result.setdefault(key, value)
    return result
