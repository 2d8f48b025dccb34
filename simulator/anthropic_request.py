"""Reads a request of Anthropic's Messages API, as strictly as the API does.

Its rules, and where they are known its words, are those of the API reference and of what the API
answers to mistakes. Two versions are played: 2023-06-01 as it was in 2024, when turns had to
alternate, and 2026-10-21, which joins them and takes no sampling parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator import anthropic_content
from simulator.anthropic_content import invalid
from simulator.ask import Ask
from simulator.dialect import Call
from simulator.errors import Refused

Json = Mapping[str, Any]

NEWEST = "2026-10-21"
VERSIONS = frozenset(("2023-06-01", NEWEST))
_REMOVED = frozenset(("temperature", "top_p", "top_k"))
_NAMES = """
model messages max_tokens metadata stop_sequences stream system temperature thinking tool_choice
tools top_k top_p service_tier container output_config inference_geo cache_control
"""
_TAKES = frozenset(_NAMES.split())
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL_FIELDS = frozenset(("name", "description", "input_schema", "cache_control", "type", "strict"))
THINKING_TOKENS_MIN = 1024


def authorize(call: Call) -> None:
    """A key in a header of its own, or a bearer token; then the version."""
    given = call.headers.get("x-api-key") or call.bearer
    if not given:
        raise Refused(401, "x-api-key header is required")
    if call.key is not None and given != call.key:
        raise Refused(401, "Invalid bearer token" if given == call.bearer else "invalid x-api-key")
    version = call.headers.get("anthropic-version")
    if not version:
        raise invalid("anthropic-version: header is required")
    if version not in VERSIONS:
        raise invalid(f'anthropic-version: "{version}" is not a valid version')


def parse(body: Json, version: str) -> Ask:
    only(body, _TAKES - _REMOVED if version == NEWEST else _TAKES)
    model = required(body, "model", str)
    tokens_max = required(body, "max_tokens", int)
    if tokens_max < 1:
        raise invalid("max_tokens: Input should be greater than or equal to 1")
    check_settings(body)
    tools, forced, parallel = _tools(body)
    turns = required(body, "messages", list)
    messages = anthropic_content.messages(
        turns, has_tools=body.get("tools") is not None, joins=version == NEWEST
    )
    system = anthropic_content.system(body.get("system"))
    thinking_budget(body)
    _check_cache_points(body)
    return Ask(
        model=model,
        messages=[*system, *messages],
        stream=flag(body, "stream"),
        stop=stops(body),
        tokens_max=tokens_max,
        tools=tools,
        tool_forced=forced,
        parallel=parallel,
    )


def thinking_budget(body: Json) -> int:
    """So many tokens of thoughts are wanted; 0: none."""
    thinking = body.get("thinking")
    if thinking is None or thinking == {"type": "disabled"}:
        return 0
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        raise invalid("thinking: Input tag should be 'disabled' or 'enabled'")
    budget = thinking.get("budget_tokens")
    if type(budget) is not int:
        raise invalid("thinking.enabled.budget_tokens: Field required")
    if budget < THINKING_TOKENS_MIN:
        raise invalid(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        )
    if budget >= body["max_tokens"]:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature", 1) != 1:
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")
    return budget


def only(body: Json, names: frozenset[str]) -> None:
    for name in body:
        if name not in names:
            raise invalid(f"{name}: Extra inputs are not permitted")


def required(body: Json, name: str, kind: type) -> Any:
    value = body.get(name)
    if name not in body:
        raise invalid(f"{name}: Field required")
    if type(value) is not kind:
        words = {str: "string", int: "integer", list: "list"}[kind]
        raise invalid(f"{name}: Input should be a valid {words}")
    return value


def flag(body: Json, name: str) -> bool:
    value = body.get(name, False)
    if type(value) is not bool:
        raise invalid(f"{name}: Input should be a valid boolean")
    return value


def check_settings(body: Json) -> None:
    for name in ("temperature", "top_p"):
        value = body.get(name, 0)
        if type(value) not in (int, float):
            raise invalid(f"{name}: Input should be a valid number")
        if not 0 <= value <= 1:
            bound = "less than or equal to 1" if value > 1 else "greater than or equal to 0"
            raise invalid(f"{name}: Input should be {bound}")
    top_k = body.get("top_k", 0)
    if type(top_k) is not int or top_k < 0:
        raise invalid("top_k: Input should be greater than or equal to 0")
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or set(metadata) - {"user_id"}:
        raise invalid("metadata: Extra inputs are not permitted")


def stops(body: Json) -> tuple[str, ...]:
    found = body.get("stop_sequences") or []
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise invalid("stop_sequences: Input should be a valid list")
    if not all(text.strip() for text in found):
        raise invalid("stop_sequences: each stop sequence must contain non-whitespace")
    return tuple(found)


def _tools(body: Json) -> tuple[Sequence[Json], str | None, bool]:
    """The functions to choose from, the one that is forced, and may several be called at once."""
    choice = body.get("tool_choice")
    if body.get("tools") is None:
        if choice is not None:
            raise invalid("tool_choice: may only be specified while providing tools")
        return (), None, True
    found = required(body, "tools", list)
    functions = [_tool(place, tool) for place, tool in enumerate(found)]
    if choice is None:
        return functions, None, True
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind not in ("auto", "any", "tool", "none"):
        raise invalid("tool_choice: Input tag should be one of 'auto', 'any', 'tool', 'none'")
    takes = {"type", "disable_parallel_tool_use"} if kind != "none" else {"type"}
    for name in choice:
        if name not in takes | ({"name"} if kind == "tool" else set()):
            raise invalid(f"tool_choice.{kind}.{name}: Extra inputs are not permitted")
    forced = choice.get("name")
    if kind == "tool" and all(forced != function["name"] for function in functions):
        raise invalid(f"Tool '{forced}' not found in provided tools")
    chosen = () if kind == "none" else functions
    return chosen, forced, not choice.get("disable_parallel_tool_use")


def _tool(place: int, given: Any) -> Json:
    """A tool of the caller's own, as a function."""
    where = f"tools.{place}"
    if not isinstance(given, dict):
        raise invalid(f"{where}: Input should be a valid dictionary")
    for name in given:
        if name not in _TOOL_FIELDS:
            raise invalid(f"{where}.custom.{name}: Extra inputs are not permitted")
    if not isinstance(given.get("name"), str) or not _TOOL_NAME.fullmatch(given["name"]):
        raise invalid(f"{where}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    schema = given.get("input_schema")
    if not isinstance(schema, dict):
        raise invalid(f"{where}.custom.input_schema: Field required")
    if schema.get("type") != "object":
        raise invalid(f"{where}.custom.input_schema.type: Input should be 'object'")
    description = given.get("description", "")
    return {"name": given["name"], "description": description, "parameters": schema}


def _check_cache_points(body: Json) -> None:
    blocks: list[Any] = list(body.get("tools") or ())
    blocks += body["system"] if isinstance(body.get("system"), list) else ()
    for message in body["messages"]:
        blocks += message["content"] if isinstance(message["content"], list) else ()
    number = sum("cache_control" in block for block in blocks)
    if number > 4:
        raise invalid(f"A maximum of 4 blocks with cache_control may be provided. Found {number}.")
