"""Stripe's way of writing nested values in a form: a[b]=1&c[0][d]=2."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


class BadForm(Exception):
    """It cannot be read."""


def read_form(raw: bytes | str) -> dict[str, Any]:
    """Nested objects and lists; every leaf is a text."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        match = _NAME.fullmatch(name)
        if match is None:
            raise BadForm(f"Invalid parameter name: {name}")
        _put(found, [match[1], *_PART.findall(match[2])], value)
    return {name: _lists(value) for name, value in found.items()}


def _put(target: dict[str, Any], path: list[str], value: str) -> None:
    *parents, last = path
    for part in parents:
        target = target.setdefault(part or str(len(target)), {})
        if not isinstance(target, dict):
            raise BadForm(f"{part} is a value and an object")
    target[last or str(len(target))] = value


def _lists(value: Any) -> Any:
    """Objects whose names are 0, 1, 2 ... are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(name == str(number) for number, name in enumerate(value)):
        return [_lists(each) for each in value.values()]
    return {name: _lists(each) for name, each in value.items()}
