"""A block of YAML or JSON as calls of tools, or as none. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from routing.reading.tool_yaml import NotReadable, load, settled

Call = tuple[str, str]
"""Name, and arguments as JSON."""

_NO_CALLS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def read_calls(text: str, schemas: Mapping[str, Any]) -> list[Call] | None:
    """The calls in a block, all of tools in `schemas`; None when it is something else."""
    try:
        return [_call(item, schemas) for item in _items(_loaded(text))] or None
    except _NO_CALLS:
        return None


def _loaded(text: str) -> Any:
    if text.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass  # what YAML writes in braces
    return load(text)


def _items(found: Any) -> list[Any]:
    """The calls, however they are wrapped."""
    if isinstance(found, dict):
        found = found.get("tool_calls", found.get("tool_call", found))
    return found if isinstance(found, list) else [found]


def _call(item: Any, schemas: Mapping[str, Any]) -> Call:
    function = item.get("function")
    if not isinstance(function, dict):
        function = item
    name = str(function["name"])
    schema = schemas[name]
    given = function.get("arguments", function.get("parameters"))
    if isinstance(given, str):
        # As OpenAI has them: JSON in a text.
        given = orjson.loads(given) if given.strip() not in ("", "~", "null") else None
    given = settled({} if given is None else given, schema)
    if not isinstance(given, dict):
        raise NotReadable("arguments that are no object")
    return name, json.dumps(given, ensure_ascii=False, allow_nan=False)
