"""Reads a request in the OpenAI dialect: body -> Ask, or a refusal the provider would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator import openai_strict
from simulator.ask import Ask
from simulator.dialect import Call
from simulator.errors import Refused
from simulator.provider import Provider

Json = Mapping[str, Any]

ROLES = frozenset(("system", "developer", "user", "assistant", "tool", "function"))
STOPS_MAX = 4
# What a text completion takes beside the parameters of a chat.
_TEXT_ONLY = frozenset(("prompt", "suffix", "echo", "best_of"))


def authorize(call: Call) -> None:
    """Refuse with 401 unless a key came, and it is ours where we have one."""
    for name in call.provider.auth_headers:
        given = call.bearer if name == "authorization" else call.headers.get(name, "")
        if given:
            if call.key is not None and given != call.key:
                raise Refused(401, f"Incorrect API key provided: ...{given[-4:]}.")
            return
    raise Refused(401, "You didn't provide an API key in the Authorization header.")


def parse(provider: Provider, body: Json, is_text: bool) -> Ask:
    _check_names(provider, body, is_text)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise _invalid(provider, "model", "you must provide a model parameter")
    messages = _prompt(provider, body) if is_text else _messages(provider, body)
    openai_strict.check(provider, body, is_text)
    used = {name: value for name, value in body.items() if name not in provider.ignores}
    tools, forced = _tools(provider, used)
    options = _stream_options(provider, body)
    top = used.get("top_logprobs")
    return Ask(
        model=model,
        messages=messages,
        is_text=is_text,
        stream=body.get("stream") is True,
        usage_asked=options.get("include_usage") is True,
        seed=used.get(provider.seed_name),
        stop=_stop(provider, used),
        tokens_max=_tokens_max(provider, body),
        tools=tools,
        tool_forced=forced,
        parallel=used.get("parallel_tool_calls") is not False,
        schema=_schema(used.get("response_format")),
        logprobs=used.get("logprobs") not in (None, False),
        top_logprobs=top if type(top) is int else 0,
    )


def _invalid(provider: Provider, param: str, message: str) -> Refused:
    return Refused(provider.invalid_status, message, param)


def _check_names(provider: Provider, body: Json, is_text: bool) -> None:
    if provider.strict is None:
        return
    for name in body:
        if name not in provider.strict and not (is_text and name in _TEXT_ONLY):
            message = provider.strict_message.format(name=name)
            # OpenAI names no param here; FastAPI says where the extra field stands.
            param = name if provider.strict_status == 422 else None
            raise Refused(provider.strict_status, message, param, kind="extra_forbidden")


def _messages(provider: Provider, body: Json) -> Sequence[Json]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _invalid(provider, "messages", "'messages' must be a list that is not empty.")
    for number, message in enumerate(messages):
        place = f"messages.[{number}]"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise _invalid(provider, f"{place}.role", f"{place} needs a known 'role'.")
        if not isinstance(message.get("content"), str | list | None):
            raise _invalid(provider, f"{place}.content", "'content' is a string or a list.")
    return messages


def _prompt(provider: Provider, body: Json) -> Sequence[Json]:
    prompt = body.get("prompt")
    if isinstance(prompt, list) and prompt:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise _invalid(provider, "prompt", "'prompt' must be a string.")
    return [{"role": "user", "content": prompt}]


def _tools(provider: Provider, used: Json) -> tuple[Sequence[Json], str | None]:
    """The tools to choose from, and the one that is forced."""
    tools = used.get("tools")
    if tools is None:
        return (), None
    if not isinstance(tools, list):
        raise _invalid(provider, "tools", "'tools' must be a list.")
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    named = [f for f in functions if isinstance(f, dict) and isinstance(f.get("name"), str)]
    if len(named) != len(tools):
        raise _invalid(provider, "tools", "Each tool needs a function with a name.")
    choice = used.get("tool_choice")
    if choice == "none":
        return (), None
    function = choice.get("function") if isinstance(choice, dict) else None
    return named, function.get("name") if isinstance(function, dict) else None


def _stream_options(provider: Provider, body: Json) -> Json:
    options = body.get("stream_options")
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise _invalid(provider, "stream_options", "'stream_options' must be an object.")
    if body.get("stream") is not True and provider.strict is not None:
        raise Refused(
            400,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    return options


def _stop(provider: Provider, used: Json) -> tuple[str, ...]:
    stop = used.get("stop")
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise _invalid(provider, "stop", "'stop' is a string or a list of strings.")
    if len(stops) > STOPS_MAX and provider.strict is not None:
        raise _invalid(provider, "stop", f"'stop' takes {STOPS_MAX} strings at most.")
    return tuple(text for text in stops if text)


def _tokens_max(provider: Provider, body: Json) -> int | None:
    limits = []
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if type(value) is not int or value < 1:
            raise _invalid(provider, name, f"{value} is less than the minimum of 1 - '{name}'")
        limits.append(value)
    return min(limits) if limits else None


def _schema(wanted: Any) -> Json | None:
    if not isinstance(wanted, dict) or wanted.get("type") not in ("json_object", "json_schema"):
        return None
    named = wanted.get("json_schema")
    # Anyscale, OctoAI and Together put the schema next to the type, OpenAI one level down.
    schema = named.get("schema") if isinstance(named, dict) else wanted.get("schema")
    return schema if isinstance(schema, dict) else {}
