"""A plausible value for a JSON schema: what a model would put into a tool call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

DEPTH_MAX = 8

Schema = Mapping[str, Any]


def value(schema: Schema, words: Sequence[str], root: Schema | None = None, depth: int = 0) -> Any:
    """Build a value that fits. `words` of the prompt fill the strings and the numbers."""
    root = schema if root is None else root
    schema = _resolved(schema, root)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        # The choice that the prompt names, as a model would.
        named = [choice for choice in choices if str(choice).lower() in map(str.lower, words)]
        return (named or choices)[0]
    for name in ("anyOf", "oneOf", "allOf"):
        options = schema.get(name)
        if isinstance(options, list) and options and isinstance(options[0], dict):
            return value(options[0], words, root, depth + 1)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or isinstance(schema.get("properties"), dict):
        return _object(schema, words, root, depth)
    if kind == "array":
        items = schema.get("items")
        if not isinstance(items, dict) or depth >= DEPTH_MAX:
            return []
        return [value(items, words, root, depth + 1)]
    if kind in ("integer", "number"):
        return _number(schema, words)
    if kind in ("boolean", "null"):
        return True if kind == "boolean" else None
    return _string(schema, words)


def _object(schema: Schema, words: Sequence[str], root: Schema, depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or depth >= DEPTH_MAX:
        return {}
    required = schema.get("required")
    # Without a list of what is required, a model fills in everything.
    names = required if isinstance(required, list) else list(properties)
    result = {}
    for place, name in enumerate(names):
        inner = properties.get(name)
        # Each property starts at another word, so that two strings are not the same.
        turned = [*words[place % len(words) :], *words[: place % len(words)]] if words else []
        result[name] = value(inner if isinstance(inner, dict) else {}, turned, root, depth + 1)
    return result


def _number(schema: Schema, words: Sequence[str]) -> int | float:
    whole = schema.get("type") == "integer"
    low, high = schema.get("minimum"), schema.get("maximum")
    said = [word for word in words if re.fullmatch(r"\d{1,9}", word)]
    number: int | float = int(said[0]) if said else 1
    if isinstance(low, int | float):
        number = max(number, low)
    if isinstance(high, int | float):
        number = min(number, high)
    return int(number) if whole else number


def _string(schema: Schema, words: Sequence[str]) -> str:
    known = {
        "date": "2024-05-01",
        "date-time": "2024-05-01T12:00:00Z",
        "email": "alice@example.com",
        "uri": "https://example.com/",
    }
    plain = known.get(str(schema.get("format"))) or next(
        (word for word in words if not word.isdigit()), "example"
    )
    length_max = schema.get("maxLength")
    return plain[:length_max] if isinstance(length_max, int) else plain


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow `$ref` inside the document; what leads nowhere is any value."""
    for _ in range(DEPTH_MAX):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        found: Any = root
        for step in reference.removeprefix("#").strip("/").split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        schema = found if isinstance(found, dict) else {}
    return schema
