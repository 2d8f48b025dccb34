"""What OpenAI-like providers refuse beyond unknown parameters: a table, and its checks.

Sources: the providers' API references and the error messages they are known for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.errors import Refused
from simulator.provider import Provider

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Strictness:
    """None: not checked. `fields`: the keys that a message of a role may have, and `parts` those of
    its parts. `alternates`: user and assistant must take turns. `unfit_last`: what is said when the
    last role is none of `last_roles`. `chat_models`: these know no raw prompts."""

    fields: Mapping[str, frozenset[str]] | None = None
    parts: frozenset[str] | None = None
    unknown_field: str = "Unknown parameter: '{place}.{name}'."
    tool_ids: re.Pattern[str] | None = None
    answers_calls: bool = False
    tool_choices: frozenset[str] | None = None
    response_types: frozenset[str] | None = None
    logprobs_integer: bool = False
    alternates: bool = False
    last_roles: frozenset[str] | None = None
    unfit_last: str = ""
    chat_models: re.Pattern[str] | None = None


def _fields(**roles: str) -> Mapping[str, frozenset[str]]:
    return {role: frozenset(("role", "content", *names.split())) for role, names in roles.items()}


_OF_OPENAI = _fields(
    system="name",
    developer="name",
    user="name",
    assistant="name tool_calls function_call refusal audio",
    tool="tool_call_id name",
    function="name",
)
_OF_GROQ = _fields(system="", user="", assistant="tool_calls", tool="tool_call_id name")
_OF_MISTRAL = _fields(system="", user="", assistant="tool_calls prefix", tool="tool_call_id name")
_PARTS = frozenset(("type", "text", "image_url", "input_audio", "file", "refusal"))
_TEXT_OR_OBJECT = frozenset(("text", "json_object"))

STRICT: Mapping[str, Strictness] = {
    "openai": Strictness(
        fields=_OF_OPENAI,
        parts=_PARTS,
        tool_choices=frozenset(("none", "auto", "required")),
        response_types=_TEXT_OR_OBJECT | {"json_schema"},
        chat_models=re.compile(r"gpt-4.*|gpt-3\.5-turbo(?!-instruct).*"),
    ),
    "groq": Strictness(
        fields=_OF_GROQ,
        parts=_PARTS,
        unknown_field="'{place}' : for 'role:{role}' the following must be satisfied"
        "[('{place}' : property '{name}' is unsupported)]",
        tool_choices=frozenset(("none", "auto", "required")),
        response_types=_TEXT_OR_OBJECT,
    ),
    "mistral": Strictness(
        fields=_OF_MISTRAL,
        parts=_PARTS,
        unknown_field="Extra inputs are not permitted",
        tool_ids=re.compile(r"[a-zA-Z0-9]{9}"),
        answers_calls=True,
        last_roles=frozenset(("user", "tool")),
        unfit_last="Expected last role tool or user but got {role}",
        tool_choices=frozenset(("none", "auto", "any")),
        response_types=_TEXT_OR_OBJECT,
    ),
    "together": Strictness(logprobs_integer=True),
    "deepinfra": Strictness(response_types=_TEXT_OR_OBJECT),
    "perplexity": Strictness(
        alternates=True,
        last_roles=frozenset(("user", "tool")),
        unfit_last="Last message must have role `user` or `tool`.",
    ),
}


def check(provider: Provider, body: Json, is_text: bool) -> None:
    """Raises Refused. `body` has passed the checks of simulator.openai_request."""
    strict = STRICT.get(provider.slug)
    if strict is None:
        return
    _check_parameters(provider, strict, body)
    if not is_text:
        _check_messages(provider, strict, body["messages"])
    elif strict.chat_models is not None and strict.chat_models.fullmatch(body["model"]):
        raise Refused(
            404,
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean to"
            " use v1/chat/completions?",
            "model",
        )


def _check_parameters(provider: Provider, strict: Strictness, body: Json) -> None:
    choice, wanted = body.get("tool_choice"), body.get("response_format")
    if strict.tool_choices is not None and isinstance(choice, str):
        _one_of(provider, "tool_choice", choice, strict.tool_choices)
    if strict.response_types is not None and isinstance(wanted, dict):
        _one_of(provider, "response_format.type", wanted.get("type"), strict.response_types)
    if strict.logprobs_integer and isinstance(body.get("logprobs"), bool):
        raise Refused(400, "logprobs: Expected number, received boolean", "logprobs")


def _one_of(provider: Provider, param: str, value: Any, known: frozenset[str]) -> None:
    if value not in known:
        names = ", ".join(f"'{name}'" for name in sorted(known))
        raise Refused(
            provider.invalid_status,
            f"Invalid value: '{value}'. Supported values are: {names}.",
            param,
        )


def _check_messages(provider: Provider, strict: Strictness, messages: Sequence[Json]) -> None:
    _check_order(strict, messages)
    for number, message in enumerate(messages):
        _check_fields(provider, strict, message, number)
        if strict.tool_ids is not None:
            _check_ids(strict.tool_ids, message)
    if strict.answers_calls:
        _check_answers(messages)


def _check_order(strict: Strictness, messages: Sequence[Json]) -> None:
    roles = [message["role"] for message in messages if message["role"] != "system"]
    if strict.alternates and roles != (["user", "assistant"] * len(roles))[: len(roles)]:
        raise Refused(
            400,
            "After the (optional) system message(s), user and assistant roles should be"
            " alternating.",
            "messages",
        )
    last = messages[-1]
    role = last["role"]
    # Where there is such a field, it says that the answer goes on from here.
    is_begun = "prefix" in (strict.fields or {}).get(role, ()) and last.get("prefix") is True
    if strict.last_roles is not None and role not in strict.last_roles and not is_begun:
        raise Refused(400, strict.unfit_last.format(role=role), "messages")


def _check_fields(provider: Provider, strict: Strictness, message: Json, number: int) -> None:
    role, content, place = message["role"], message.get("content"), f"messages[{number}]"
    places: list[tuple[str, Json, frozenset[str]]] = []
    if strict.fields is not None:
        places.append((place, message, strict.fields.get(role, frozenset(message))))
    if strict.parts is not None and isinstance(content, list):
        places += [(f"{place}.content[{n}]", part, strict.parts) for n, part in enumerate(content)]
    for where, found, known in places:
        for name in found:
            if name not in known:
                words = strict.unknown_field.format(place=where, name=name, role=role)
                param = f"{where}.{name}"
                raise Refused(provider.strict_status, words, param, kind="extra_forbidden")


def _check_ids(pattern: re.Pattern[str], message: Json) -> None:
    ids = [call.get("id") for call in message.get("tool_calls") or ()]
    ids += [message["tool_call_id"]] if "tool_call_id" in message else []
    for call_id in ids:
        if not isinstance(call_id, str) or not pattern.fullmatch(call_id):
            raise Refused(
                400,
                f"Tool call id was {call_id} but must be a-z, A-Z, 0-9, with a length of 9.",
            )


def _check_answers(messages: Sequence[Json]) -> None:
    """Each call has its answer, right behind it."""
    calls = answers = 0
    for message in [*messages, {"role": "end"}]:
        if message["role"] == "tool":
            answers += 1
            continue
        if calls != answers:
            raise Refused(400, "Not the same number of function calls and responses")
        calls, answers = len(message.get("tool_calls") or ()), 0
