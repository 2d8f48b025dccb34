"""Reads a `generateContent` request: body -> Ask, or a refusal that Google would give.

What Gemini 1.0 does not have (system instruction, JSON mode) is refused for it. Sources: API
references and the messages that Google's servers give.
"""

from __future__ import annotations

import re
from typing import Any

from simulator import google_fields
from simulator.ask import Ask
from simulator.errors import Refused
from simulator.google_contents import messages_of

Json = dict[str, Any]

_STOPS_MAX = 5
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")
# Name, lowest, highest, and whether the highest is part of the range.
_RANGES = (
    ("temperature", 0, 2, True), ("topP", 0, 1, True), ("topK", 1, 41, False),
    ("frequencyPenalty", -2, 2, False), ("presencePenalty", -2, 2, False),
    ("logprobs", 0, 20, True), ("candidateCount", 1, 8, True),
)  # fmt: skip
_INT32 = 2**31
_MODES = frozenset(("AUTO", "ANY", "NONE", "MODE_UNSPECIFIED"))


def is_first_generation(model: str) -> bool:
    return "gemini-1.0" in model or model in ("gemini-pro", "gemini-pro-vision")


def parse(given: Json, model: str, stream: bool, *, is_vertex: bool) -> Ask:
    body = google_fields.read(given, "Request")
    first_generation = is_first_generation(model)
    system = body.get("systemInstruction")
    if system is not None and first_generation:
        raise Refused(400, f"Developer instruction is not enabled for models/{model}")
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        message = (
            "Unable to submit request because at least one contents field is required."
            if is_vertex
            else "* GenerateContentRequest.contents: contents is not specified\n"
        )
        raise Refused(400, message)
    settings = body.get("generationConfig") or {}
    _check_settings(settings, model, first_generation)
    tools, names = _tools(body, model, is_vertex)
    calling = _calling(body, names)
    allowed = calling.get("allowedFunctionNames") or []
    return Ask(
        model=model,
        messages=messages_of(contents, system, is_strict=first_generation),
        stream=stream,
        seed=settings.get("seed"),
        stop=tuple(settings.get("stopSequences") or ()),
        tokens_max=settings.get("maxOutputTokens"),
        tools=() if calling.get("mode") == "NONE" else tools,
        tool_forced=allowed[0] if len(allowed) == 1 else None,
        schema=_schema(settings),
        logprobs=settings.get("responseLogprobs") is True,
        top_logprobs=settings.get("logprobs") or 0,
    )


def _check_settings(settings: Json, model: str, first_generation: bool) -> None:
    for name, low, high, includes_high in _RANGES:
        value = settings.get(name)
        if value is None:
            continue
        if type(value) not in (int, float):
            raise Refused(400, f"Invalid value at 'generation_config.{name}' (TYPE_FLOAT)")
        if not (low <= value <= high) or (value == high and not includes_high):
            raise Refused(
                400,
                f"Unable to submit request because it has a {name} value of {value} but the"
                f" supported range is from {low} (inclusive) to {high}"
                f" ({'inclusive' if includes_high else 'exclusive'}). Update the value and try"
                " again.",
            )
    _check_stops(settings.get("stopSequences") or [])
    for name in ("seed", "maxOutputTokens"):
        value = settings.get(name)
        if value is not None and (type(value) is not int or not -_INT32 <= value < _INT32):
            raise Refused(400, f"Invalid value at 'generation_config.{name}' (TYPE_INT32)")
    if (settings.get("maxOutputTokens") or 1) < 1:
        raise Refused(400, "max_output_tokens must be positive.")
    if "logprobs" in settings and settings.get("responseLogprobs") is not True:
        raise Refused(400, "Unable to submit request because logprobs needs responseLogprobs.")
    if settings.get("responseMimeType") == "application/json" and first_generation:
        raise Refused(400, f"Json mode is not enabled for models/{model}")


def _check_stops(stops: Any) -> None:
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise Refused(400, "Invalid value at 'generation_config.stop_sequences' (TYPE_STRING)")
    if len(stops) > _STOPS_MAX:
        raise Refused(
            400,
            f"Unable to submit request because it has {len(stops)} stop sequences but only up to"
            f" {_STOPS_MAX} are supported.",
        )


def _schema(settings: Json) -> Json | None:
    mime_type = settings.get("responseMimeType")
    schema = settings.get("responseSchema")
    if mime_type not in (None, "text/plain", "application/json", "text/x.enum"):
        raise Refused(
            400, f"* GenerateContentRequest.generation_config.response_mime_type: {mime_type}"
        )
    if mime_type != "application/json":
        if schema is not None:
            raise Refused(
                400,
                "* GenerateContentRequest.generation_config.response_schema: only allowed with"
                " response mime type `application/json`\n",
            )
        return None
    found: Json = lowered(schema or {})
    return found


def lowered(schema: Any) -> Any:
    """OpenAPI's types are written in capitals here; JSON Schema writes them small."""
    if isinstance(schema, list):
        return [lowered(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else lowered(value)
        for name, value in schema.items()
    }


def _tools(body: Json, model: str, is_vertex: bool) -> tuple[list[Json], set[str]]:
    declared = [
        declaration
        for tool in body.get("tools") or ()
        for declaration in tool.get("functionDeclarations") or ()
    ]
    if declared and "vision" in model:
        raise Refused(400, f"Function calling is not enabled for models/{model}")
    tools = []
    for number, declaration in enumerate(declared):
        name, parameters = declaration.get("name"), declaration.get("parameters")
        place = f"GenerateContentRequest.tools[0].function_declarations[{number}]"
        if not isinstance(name, str) or not _FUNCTION_NAME.fullmatch(name):
            raise Refused(
                400,
                f"* {place}.name: Invalid function name. Must start with a letter or an underscore."
                " Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.) or dashes (-), with"
                " a maximum length of 64.\n",
            )
        if parameters is not None and not is_vertex and not parameters.get("properties"):
            message = f"* {place}.parameters.properties: should be non-empty for OBJECT type\n"
            raise Refused(400, message)
        tools.append({**declaration, "parameters": lowered(parameters or {})})
    return tools, {tool["name"] for tool in tools}


def _calling(body: Json, names: set[str]) -> Json:
    calling: Json = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    mode = calling.get("mode")
    if mode is not None and mode not in _MODES:
        place = "tool_config.function_calling_config.mode"
        raise Refused(400, f"Invalid value at '{place}' (TYPE_ENUM), \"{mode}\"")
    allowed = calling.get("allowedFunctionNames") or ()
    if allowed and mode != "ANY":
        raise Refused(400, "Function calling config is set without function calling mode `ANY`.")
    for name in allowed:
        if name not in names:
            raise Refused(400, f"allowed_function_names contains {name}, which is not declared.")
    if mode == "ANY" and not names:
        raise Refused(400, "Function calling mode `ANY` needs function_declarations.")
    return calling
