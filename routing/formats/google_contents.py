"""A request in the words of Gemini: contents, generation settings, tools. Pure.

Source: the `generateContent` references of the Gemini API and of Vertex AI, which take the same
body. What the first generation (Gemini 1.0) cannot do is said in other words.
"""

from __future__ import annotations

from typing import Any

from catalog.snapshot import Endpoint
from routing.formats.contents import named, split_data_url, texts
from routing.formats.google_schema import cleaned, is_empty_object
from routing.formats.translation import (
    SILENCE,
    accepted,
    arguments_of,
    as_object,
    clamped,
    continuation,
)
from routing.request import ChatRequest

Json = dict[str, Any]

SIGNATURE_FORMAT = "google-gemini-v1"
_STOPS_MAX, _TOP_K_MAX, _LOGPROBS_MAX = 5, 40, 20
# The penalties end below 2.0, which is not part of their range.
_PENALTY_MAX = 1.99
_SEEDS = 2**31
_MODES = {"none": "NONE", "auto": "AUTO", "required": "ANY"}
# What Google documents for calls that another model made: Gemini 3 wants a signature on each.
_NO_SIGNATURE = "skip_thought_signature_validator"


def is_first_generation(model: str) -> bool:
    """Gemini 1.0, which knows no system instruction and does not continue its own turn."""
    return "gemini-1.0" in model or (model.startswith("gemini-pro") and "latest" not in model)


def body_of(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Json:
    model = endpoint.upstream_model
    given = accepted(request, endpoint)
    body = _conversation(request, model)
    if settings := _settings(given, model, max_tokens):
        body["generationConfig"] = settings
    if "tools" in given:
        declared = [_declaration(tool["function"]) for tool in given["tools"]]
        body["tools"] = [{"functionDeclarations": declared}]
        if (choice := given.get("tool_choice")) is not None:
            body["toolConfig"] = {"functionCallingConfig": _calling(choice)}
    return body


def _conversation(request: ChatRequest, model: str) -> Json:
    if request.messages is None:
        return {"contents": [{"role": "user", "parts": [{"text": request.prompt or ""}]}]}
    messages = [named(message) for message in request.messages]
    first = next((i for i, each in enumerate(messages) if each["role"] != "system"), len(messages))
    system = [{"text": text} for each in messages[:first] if (text := texts(each))]
    first_generation = is_first_generation(model)
    if first_generation and request.prefill:
        last = {"role": "user", "content": continuation(texts(messages[-1]))}
        messages[-1] = last
    turns = _Turns("gemini-3" in model)
    if system and (first_generation or first == len(messages)):
        turns.add("user", system)
        system = []
    for message in messages[first:]:
        turns.message(message)
    body: Json = {"contents": turns.whole()}
    if system:
        body["systemInstruction"] = {"parts": system}
    return body


class _Turns:
    """User and model take turns: what follows in the same role joins the turn before it."""

    def __init__(self, signs_calls: bool) -> None:
        self._signs_calls = signs_calls
        self._turns: list[Json] = []
        self._names: dict[str, str] = {}

    def add(self, role: str, parts: list[Json]) -> None:
        """An empty text is refused, so a message that has no words makes no turn."""
        if not parts:
            return
        if self._turns and self._turns[-1]["role"] == role:
            self._turns[-1]["parts"].extend(parts)
            return
        if not self._turns and role == "model":
            self._turns.append({"role": "user", "parts": [{"text": SILENCE}]})
        self._turns.append({"role": role, "parts": list(parts)})

    def message(self, message: Json) -> None:
        role = message["role"]
        if role == "assistant":
            self.add("model", self._spoken(message))
        elif role == "tool":
            self.add("user", [self._result(message)])
        else:
            self.add("user", _seen(message))

    def whole(self) -> list[Json]:
        return self._turns or [{"role": "user", "parts": [{"text": SILENCE}]}]

    def _spoken(self, message: Json) -> list[Json]:
        signatures = _signatures(message)
        text = texts(message)
        parts: list[Json] = [{"text": text}] if text else []
        for place, call in enumerate(message.get("tool_calls") or ()):
            name = self._names[call["id"]] = call["function"]["name"]
            part: Json = {"functionCall": {"name": name, "args": arguments_of(call)}}
            signature = signatures.get(call["id"])
            if signature is None and self._signs_calls and place == 0:
                signature = _NO_SIGNATURE
            if signature is not None:
                part["thoughtSignature"] = signature
            parts.append(part)
        return parts

    def _result(self, message: Json) -> Json:
        call = message["tool_call_id"]
        text = texts(message)
        result = as_object(text)
        response = {"result": text} if result is None else result
        name = self._names.get(call) or message.get("name") or call
        return {"functionResponse": {"name": name, "response": response}}


def _seen(message: Json) -> list[Json]:
    content = message.get("content") or ""
    if isinstance(content, str):
        return [{"text": content}] if content else []
    parts: list[Json] = []
    for part in content:
        if part["type"] == "image_url":
            media_type, data = split_data_url(part["image_url"]["url"])
            parts.append({"inlineData": {"mimeType": media_type, "data": data}})
        elif part["text"]:
            parts.append({"text": part["text"]})
    return parts


def _signatures(message: Json) -> dict[str, str]:
    """By the id of the call: what Gemini gave with its calls and wants back, unread."""
    return {
        detail["id"]: detail["data"]
        for detail in message.get("reasoning_details") or ()
        if isinstance(detail, dict)
        and detail.get("format") == SIGNATURE_FORMAT
        and isinstance(detail.get("id"), str)
        and isinstance(detail.get("data"), str)
    }


def _settings(given: Json, model: str, max_tokens: int | None) -> Json:
    settings: Json = {}
    if (temperature := given.get("temperature")) is not None:
        # Only the last version of the first generation went up to 2.
        narrow = is_first_generation(model) and not model.endswith("002")
        settings["temperature"] = clamped(temperature, 0, 1 if narrow else 2)
    if "top_p" in given:
        settings["topP"] = given["top_p"]
    if "top_k" in given:
        settings["topK"] = clamped(given["top_k"], 1, _TOP_K_MAX)
    if "stop" in given:
        settings["stopSequences"] = given["stop"][:_STOPS_MAX]
    if "seed" in given:
        settings["seed"] = given["seed"] % _SEEDS
    for name, theirs in (
        ("frequency_penalty", "frequencyPenalty"),
        ("presence_penalty", "presencePenalty"),
    ):
        if name in given:
            settings[theirs] = clamped(given[name], -2, _PENALTY_MAX)
    if given.get("logprobs"):
        settings["responseLogprobs"] = True
        if top := given.get("top_logprobs"):
            settings["logprobs"] = clamped(top, 1, _LOGPROBS_MAX)
    if max_tokens is not None:
        settings["maxOutputTokens"] = max_tokens
    return settings | _format(given.get("response_format") or {})


def _format(wanted: Json) -> Json:
    if wanted.get("type") not in ("json_object", "json_schema"):
        return {}
    schema = (wanted.get("json_schema") or {}).get("schema")
    mime_type: Json = {"responseMimeType": "application/json"}
    return mime_type | ({"responseSchema": cleaned(schema)} if schema else {})


def _declaration(function: Json) -> Json:
    declared: Json = {"name": function["name"]}
    if function.get("description"):
        declared["description"] = function["description"]
    parameters = function.get("parameters") or {}
    if not is_empty_object(parameters):
        declared["parameters"] = cleaned(parameters)
    return declared


def _calling(choice: str | Json) -> Json:
    if isinstance(choice, str):
        return {"mode": _MODES[choice]}
    return {"mode": "ANY", "allowedFunctionNames": [choice["function"]["name"]]}
