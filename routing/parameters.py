"""Sampling and tool parameters: one table from a field's name to the check of its value.

A check takes the field's name and its value, never None, and gives the value to keep; None when
the value says nothing (`top_k: 0`, `tools: []`). It raises BadRequest naming the field and the
remedy. Ranges: seed, sections Request Body and LLM Parameters. Types are compared exactly because
a bool is an int in Python and no caller means `true` by a temperature.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any

from openrouter_site.errors import BadRequest

Check = Callable[[str, Any], Any]

STOPS_MAX = 16
STOP_CHARACTERS_MAX = 512
BIASES_MAX = 1_024
TOOLS_MAX = 128
NAME_RULE = "must be 1 to 64 letters, digits, '_', '-' or '.'"
NUMBERS = (float, int)
ABOVE_ZERO = math.nextafter(0.0, 1.0)

_name = re.compile(r"[a-zA-Z0-9_.-]{1,64}", re.ASCII)


def invalid(field: str, remedy: str, **metadata: Any) -> BadRequest:
    return BadRequest(f"{field} {remedy}", {"field": field, **metadata})


def boolean(field: str, value: Any) -> bool:
    if type(value) is bool:
        return value
    raise invalid(field, "must be true or false")


def number(minimum: float, maximum: float, range_text: str) -> Check:
    def check(field: str, value: Any) -> int | float:
        if type(value) in NUMBERS and minimum <= value <= maximum:
            return value  # type: ignore[no-any-return]
        raise invalid(field, f"must be a number {range_text}")

    return check


def integer(minimum: int, maximum: int) -> Check:
    def check(field: str, value: Any) -> int:
        if type(value) is int and minimum <= value <= maximum:
            return value
        raise invalid(field, f"must be an integer from {minimum} to {maximum}")

    return check


def one_of(*choices: str) -> Check:
    def check(field: str, value: Any) -> str:
        if type(value) is str and value in choices:
            return value
        raise invalid(field, f"must be one of {', '.join(choices)}", allowed=list(choices))

    return check


def text(characters_max: int, characters_min: int = 1) -> Check:
    """A string without control characters, which could forge a log line or end at a NUL."""
    remedy = f"must be a string of {characters_min} to {characters_max} printable characters"

    def check(field: str, value: Any) -> str:
        if (
            type(value) is str
            and characters_min <= len(value) <= characters_max
            and value.isprintable()
        ):
            return value
        raise invalid(field, remedy)

    return check


def texts(entries_max: int, check_entry: Check) -> Check:
    """An array as a tuple, without repetitions: the first of equal entries stays."""

    def check(field: str, value: Any) -> tuple[str, ...]:
        if type(value) is not list or len(value) > entries_max:
            raise invalid(field, f"must be an array of at most {entries_max} strings")
        return tuple(dict.fromkeys(check_entry(f"{field}[{i}]", v) for i, v in enumerate(value)))

    return check


def mapping(field: str, value: Any, allowed: Collection[str]) -> dict[str, Any]:
    """An object as it is; a key that is not one of `allowed` is refused by its name."""
    if type(value) is not dict:
        raise invalid(field, "must be an object")
    for key in value:
        if key not in allowed:
            remedy = f"does not take {key[:64]!r}, only {', '.join(allowed)}"
            raise invalid(field, remedy, unknown=key[:64], allowed=list(allowed))
    return value


def _top_k(field: str, value: Any) -> int | None:
    return _top_k_range(field, value) or None


def _stop(field: str, value: Any) -> list[str] | None:
    stops = [value] if type(value) is str else value
    if type(stops) is not list or len(stops) > STOPS_MAX:
        raise invalid(field, f"must be a string or an array of at most {STOPS_MAX} strings")
    if not all(type(stop) is str and 0 < len(stop) <= STOP_CHARACTERS_MAX for stop in stops):
        raise invalid(field, f"must hold strings of 1 to {STOP_CHARACTERS_MAX} characters")
    return stops or None


def _logit_bias(field: str, value: Any) -> dict[str, Any] | None:
    if type(value) is not dict or len(value) > BIASES_MAX:
        raise invalid(field, f"must be an object of at most {BIASES_MAX} token ids")
    for token, bias in value.items():
        if not (token.isascii() and token.isdigit() and len(token) <= 10):
            raise invalid(field, 'must have token ids, such as "50256", as its keys')
        if type(bias) not in NUMBERS or not -100 <= bias <= 100:
            raise invalid(field, "must have numbers from -100 to 100 as its values")
    return value or None


def _only_one(field: str, value: Any) -> None:
    if type(value) is not int or value != 1:
        raise invalid(field, "must be 1; send one request for each choice you want")


def _response_format(field: str, value: Any) -> dict[str, Any] | None:
    if type(value) is not dict:
        raise invalid(field, 'must be an object such as {"type": "json_object"}')
    kind = _response_type(f"{field}.type", value.get("type"))
    if kind == "json_schema":
        return {"type": kind, kind: _json_schema(f"{field}.{kind}", value.get(kind))}
    if kind == "grammar":
        if type(value.get(kind)) is not str:
            raise invalid(f"{field}.{kind}", "must be a string")
        return {"type": kind, kind: value[kind]}
    return {"type": kind}


def _json_schema(field: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise invalid(field, "must be an object with name and schema")
    checked = {"name": function_name(f"{field}.name", value.get("name"))}
    return checked | _optional(field, value, description=str, schema=dict, strict=bool)


def _optional(field: str, value: dict[str, Any], **types: type) -> dict[str, Any]:
    """The given keys that are present and not null, each of its one type."""
    found: dict[str, Any] = {}
    for key, kind in types.items():
        if (item := value.get(key)) is None:
            continue
        if type(item) is not kind:
            names = {str: "a string", dict: "an object", bool: "true or false"}
            raise invalid(f"{field}.{key}", f"must be {names[kind]}")
        found[key] = item
    return found


def function_name(field: str, value: Any) -> str:
    if type(value) is str and _name.fullmatch(value):
        return value
    raise invalid(field, NAME_RULE)


def _tools(field: str, value: Any) -> list[dict[str, Any]] | None:
    if type(value) is not list or len(value) > TOOLS_MAX:
        raise invalid(field, f"must be an array of at most {TOOLS_MAX} tools")
    return [_tool(f"{field}[{i}]", tool) for i, tool in enumerate(value)] or None


def _tool(field: str, tool: Any) -> dict[str, Any]:
    """The parameters are a JSON Schema that we hand on and never evaluate."""
    if type(tool) is not dict or tool.get("type") != "function":
        raise invalid(field, 'must be {"type": "function", "function": {"name": ...}}')
    function = tool.get("function")
    field = f"{field}.function"
    if type(function) is not dict:
        raise invalid(field, "must be an object with name, description and parameters")
    checked = {"name": function_name(f"{field}.name", function.get("name"))}
    checked |= _optional(field, function, description=str, parameters=dict, strict=bool)
    return {"type": "function", "function": checked}


def _tool_choice(field: str, value: Any) -> str | dict[str, Any]:
    if type(value) is str and value in ("none", "auto", "required"):
        return value
    if type(value) is dict and value.get("type") == "function":
        function = value.get("function")
        if type(function) is dict and type(function.get("name")) is str:
            return {"type": "function", "function": {"name": function["name"]}}
    shape = '{"type": "function", "function": {"name": ...}}'
    raise invalid(field, f"must be none, auto, required or {shape}")


_top_k_range = integer(0, 2**31 - 1)
_response_type = one_of("text", "json_object", "json_schema", "grammar", "python")
_penalty = number(-2.0, 2.0, "from -2 to 2")
_share = number(0.0, 1.0, "from 0 to 1")

PARAMETERS: dict[str, Check] = {
    "max_tokens": integer(1, 2**31 - 1),
    "max_completion_tokens": integer(1, 2**31 - 1),
    "temperature": number(0.0, 2.0, "from 0 to 2"),
    "top_p": number(ABOVE_ZERO, 1.0, "above 0 and at most 1"),
    "top_k": _top_k,
    "frequency_penalty": _penalty,
    "presence_penalty": _penalty,
    "repetition_penalty": number(ABOVE_ZERO, 2.0, "above 0 and at most 2"),
    "min_p": _share,
    "top_a": _share,
    "seed": integer(-(2**63), 2**63 - 1),
    "logit_bias": _logit_bias,
    "logprobs": boolean,
    "top_logprobs": integer(0, 20),
    "response_format": _response_format,
    "stop": _stop,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": boolean,
    "n": _only_one,
}
