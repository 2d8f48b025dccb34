"""YAML as we write it into prompts, and as models write it back. Pure.

What a model writes is read by events, so that nothing of YAML is obeyed but its shape: no tags, no
anchors (a small text could stand for a huge value), few levels. Scalars without quotes are kept as
they were written until a schema says what they are: `02139`, `no` and `12:30` are texts to the
caller, whatever YAML 1.1 makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import yaml

DEPTH_MAX = 32
CHARACTERS_MAX = 65_536

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(?: [A-Za-z0-9_.-]+)*", re.ASCII)
# What some version of YAML reads as something else than a text.
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
# Inside quotes YAML folds some of these like line ends, and refuses the others.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# The parser of libyaml where it is there: it is ten times as fast, and the same.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotReadable(ValueError):
    """No YAML, or more of it than we take."""


class Plain(str):
    """A scalar without quotes."""

    __slots__ = ()


# --- Writing -------------------------------------------------------------------------------------


def dump(value: Any) -> str:
    """A JSON value in block style, without a line end after it."""
    return "\n".join(_lines(value, ""))


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _entry(f"{indent}{_scalar(str(key))}:", item, indent + "  ")
    elif isinstance(value, list | tuple) and value:
        for item in value:
            first, *others = _lines(item, indent + "  ")
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from others
    else:
        yield indent + _scalar(value)


def _entry(key: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping | list | tuple) and item:
        yield key
        # Items stand below the first letter of their key.
        yield from _lines(item, indent if isinstance(item, Mapping) else indent[:-2])
    else:
        yield f"{key} {_scalar(item)}"


def _scalar(value: Any) -> str:
    """JSON is YAML; a simple text goes without quotes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _TO_ESCAPE.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(value).decode())


# --- Reading -------------------------------------------------------------------------------------


def load(text: str) -> Any:
    """Mappings with texts as keys, lists, texts (Plain without quotes); raises NotReadable."""
    if len(text) > CHARACTERS_MAX:
        raise NotReadable("too long")
    try:
        events = yaml.parse(text, Loader=_Loader)
        found = [_value(event, events, 0) for event in events if isinstance(event, yaml.NodeEvent)]
    except (yaml.YAMLError, UnicodeError) as error:
        raise NotReadable("no YAML") from error
    if len(found) != 1:
        raise NotReadable("not one document")
    return found[0]


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise NotReadable("anchors")
    if depth > DEPTH_MAX:
        raise NotReadable("too deep")
    if isinstance(event, yaml.ScalarEvent):
        if event.tag is not None and not event.implicit[1]:
            raise NotReadable("a tag")
        return Plain(event.value) if event.implicit[0] and not event.style else event.value
    if not event.implicit:
        raise NotReadable("a tag")
    if isinstance(event, yaml.SequenceStartEvent):
        return list(_values(events, depth))
    mapping: dict[str, Any] = {}
    keys_and_values = _values(events, depth)
    for key, item in zip(keys_and_values, keys_and_values, strict=True):
        if not isinstance(key, str):
            raise NotReadable("a key that is no text")
        mapping[str(key)] = item
    return mapping


def _values(events: Iterator[Any], depth: int) -> Iterator[Any]:
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            return
        yield _value(event, events, depth + 1)


def settled(value: Any, schema: Any = None) -> Any:
    """The JSON value: what a scalar without quotes is, is said by its schema, else by its looks."""
    schema = schema if isinstance(schema, Mapping) else {}
    if isinstance(value, Plain):
        return _plain_value(str(value), schema.get("type"))
    if isinstance(value, list):
        return [settled(item, schema.get("items")) for item in value]
    if isinstance(value, dict):
        known = schema.get("properties")
        known = known if isinstance(known, Mapping) else {}
        return {key: settled(item, known.get(key)) for key, item in value.items()}
    return value


def _plain_value(text: str, types: Any) -> Any:
    types = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    may_be_null = not types or "null" in types
    if text in _NULLS and (may_be_null or text != ""):
        return None
    if "string" in types:
        return text
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if number := _NUMBER.fullmatch(text):
        if len(text) > 300:
            raise NotReadable("a number too long")
        return float(text) if number[1] or number[2] else int(text)
    return None if text == "" else text
