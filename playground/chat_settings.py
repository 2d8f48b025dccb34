"""Settings of a chat: the page's own, so only their shape and size are ours to check. Pure.

    {"version": 1, "system": "", "tools": [], "blind": false, "panes": [{"id": "p1", "model": "",
     "parameters": {}, "system": null, "prefill": "", "provider": {}, "models": [],
     "transforms": null, "json": false, "muted": false, "leaf": "msg-..."}]}

Fields may be left out, and what is not known here is kept: a newer page may set more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from openrouter_site.errors import BadRequest, PayloadTooLarge
from playground import ids
from routing.nesting import is_deeper
from routing.request import DEPTH_MAX

BYTES_MAX = 64 * 1024
PANES_MAX = 6
_TOOLS_MAX = 128
_MODELS_MAX = 10
_MODEL_CHARACTERS_MAX = 128

Check = Callable[[Any], bool]


def _is(*kinds: type) -> Check:
    return lambda value: type(value) in kinds


def _list_of(check: Check, length_max: int) -> Check:
    return lambda value: type(value) is list and len(value) <= length_max and all(map(check, value))


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_model(value: Any) -> bool:
    return type(value) is str and len(value) <= _MODEL_CHARACTERS_MAX


_CHAT: dict[str, tuple[Check, str]] = {
    "version": (lambda value: value == 1 and type(value) is int, "1"),
    "system": (_is(str), "a text"),
    "tools": (_list_of(_is(dict), _TOOLS_MAX), f"a list of at most {_TOOLS_MAX} tools"),
    "blind": (_is(bool), "true or false"),
    "panes": (_list_of(_is(dict), PANES_MAX), f"a list of at most {PANES_MAX} panes"),
}
_PANE: dict[str, tuple[Check, str]] = {
    "id": (ids.is_pane, "1 to 8 letters, digits, - or _"),
    "model": (_or_null(_is_model), "the id of a model"),
    "parameters": (_is(dict), "an object"),
    "system": (_or_null(_is(str)), "a text or null"),
    "prefill": (_is(str), "a text"),
    "provider": (_is(dict), "an object"),
    "models": (_list_of(_is_model, _MODELS_MAX), f"a list of at most {_MODELS_MAX} models"),
    "transforms": (_or_null(_list_of(_is(str), _MODELS_MAX)), "null or a list of texts"),
    "json": (_is(bool), "true or false"),
    "muted": (_is(bool), "true or false"),
    "leaf": (_or_null(lambda value: ids.is_id("msg", value)), "the id of a message"),
}


def checked(settings: Any) -> dict[str, Any]:
    """Raises BadRequest naming the field, or PayloadTooLarge."""
    if type(settings) is not dict:
        raise _wrong("settings", "an object")
    if is_deeper(settings, DEPTH_MAX):
        raise _wrong("settings", f"nested at most {DEPTH_MAX} deep")
    if len(orjson.dumps(settings)) > BYTES_MAX:
        raise PayloadTooLarge(
            f"The settings of a chat must be at most {BYTES_MAX // 1024} kB; shorten the tools or"
            " the system prompts.",
            {"field": "settings"},
        )
    _check(settings, _CHAT, "settings")
    panes = settings.get("panes", [])
    for index, pane in enumerate(panes):
        _check(pane, _PANE, f"settings.panes[{index}]")
    if len({pane["id"] for pane in panes if "id" in pane}) < len(panes):
        raise _wrong("settings.panes", "panes with different ids")
    return settings


def leaves(settings: dict[str, Any]) -> list[str]:
    """The last message on screen of each pane that has one."""
    return [pane["leaf"] for pane in settings.get("panes", []) if pane.get("leaf")]


def _check(given: dict[str, Any], rules: dict[str, tuple[Check, str]], where: str) -> None:
    for name, (is_right, rule) in rules.items():
        if name in given and not is_right(given[name]):
            raise _wrong(f"{where}.{name}", rule)


def _wrong(field: str, rule: str) -> BadRequest:
    return BadRequest(f"{field} must be {rule}", {"field": field})
