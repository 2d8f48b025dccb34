"""PaLM 2 for chat on Vertex AI: `predict` with instances, `serverStreamingPredict` with tensors.

Source: Vertex AI references "Text chat" and "Stream responses from Generative AI models". A stream
ends without a word and counts no tokens; there are no tools, pictures or system messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from simulator import google_fields
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.google_wire import GoogleWire
from simulator.provider import Provider
from simulator.writer import Part

Json = dict[str, Any]

_BLOCKED = frozenset(("blocked", "content_filter", "SAFETY"))
_STOPS_MAX = 5


def parse(given: Json, model: str, stream: bool) -> Ask:
    if stream:
        given = _plain_request(given)
    body = google_fields.read(given, "Predict")
    instances = body.get("instances")
    if not isinstance(instances, list) or len(instances) != 1:
        raise Refused(400, "Only one instance is supported by this model.")
    parameters = body.get("parameters") or {}
    stops = parameters.get("stopSequences") or []
    _check_parameters(parameters, stops, model)
    return Ask(
        model=model,
        messages=_messages(instances[0]),
        stream=stream,
        seed=parameters.get("seed"),
        stop=tuple(stops),
        tokens_max=parameters.get("maxOutputTokens"),
    )


def _plain_request(given: Json) -> Json:
    for name in given:
        if name not in ("inputs", "parameters"):
            message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            raise Refused(400, message)
    inputs = given.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise Refused(400, "inputs must not be empty.")
    return {
        "instances": [_plain(each) for each in inputs],
        "parameters": _plain(given.get("parameters") or {"structVal": {}}),
    }


def _plain(tensor: Any) -> Any:
    """A Tensor as the value it stands for. Names come in both spellings; scalars may be bare."""
    if not isinstance(tensor, dict) or len(tensor) != 1:
        raise Refused(400, "A Tensor must have exactly one value.")
    ((name, value),) = tensor.items()
    kind = name.replace("_val", "Val")
    if kind == "structVal" and isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if kind == "listVal" and isinstance(value, list):
        return [_plain(inner) for inner in value]
    types: dict[str, tuple[type, ...]] = {
        "stringVal": (str,), "intVal": (int,), "floatVal": (int, float), "boolVal": (bool,),
    }  # fmt: skip
    if kind not in types:
        raise Refused(400, f"Invalid JSON payload received. Unknown name \"{name}\" at 'inputs'.")
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if type(one) not in types[kind]:
        raise Refused(400, f"Invalid value at '{kind}'")
    return one


def _messages(instance: Json) -> list[Json]:
    turns = instance.get("messages")
    if not isinstance(turns, list) or len(turns) % 2 == 0:
        raise Refused(400, "There should be odd number of messages for correct alternating turn.")
    authors = [turn.get("author") for turn in turns]
    if any(not isinstance(turn.get("content"), str) or not turn["content"] for turn in turns):
        raise Refused(400, "Message content cannot be empty.")
    if len(set(authors[::2])) != 1 or len(set(authors[1::2])) > 1 or authors[0] in authors[1::2]:
        raise Refused(400, "The authors of messages must take turns.")
    context = instance.get("context")
    messages = [{"role": "system", "content": context}] if context else []
    for place, turn in enumerate(turns):
        role = "assistant" if place % 2 else "user"
        messages.append({"role": role, "content": turn["content"]})
    return messages


def _check_parameters(parameters: Json, stops: Any, model: str) -> None:
    most = 8192 if "32k" in model else 1024 if model == "chat-bison@001" else 2048
    ranges = (
        ("temperature", 0, 1), ("topP", 0, 1), ("topK", 1, 40), ("maxOutputTokens", 1, most),
    )  # fmt: skip
    for name, low, high in ranges:
        value = parameters.get(name)
        if value is None:
            continue
        if type(value) not in (int, float) or not low <= value <= high:
            raise Refused(400, f"{name} must be in the range [{low}, {high}].")
    if not isinstance(stops, list) or len(stops) > _STOPS_MAX:
        raise Refused(400, f"stopSequences takes {_STOPS_MAX} strings at most.")


class PalmWire(GoogleWire):
    def __init__(self, provider: Provider, ask: Ask, answer: Answer, directive: Directive) -> None:
        super().__init__(provider, ask, answer, directive)
        self._blocked = directive.finish in _BLOCKED

    def content(self) -> Iterator[Part]:
        for text, tokens in self.answer.pieces:
            yield self.event(_output(text)), tokens

    def closing(self) -> Part:
        return self.event(_output("", blocked=self._blocked)), 0

    def body(self) -> bytes:
        answer = self.answer
        self.usage_sent = not self.directive.no_usage
        text = "" if self._blocked else answer.text
        result: Json = {
            "predictions": [
                {
                    "candidates": [{"author": "1", "content": text}],
                    "citationMetadata": [{"citations": []}],
                    "safetyAttributes": [
                        {"blocked": self._blocked, "categories": [], "scores": []}
                    ],
                }
            ]
        }
        if self.usage_sent:
            counts = {
                "inputTokenCount": answer.prompt_tokens,
                "outputTokenCount": answer.completion_tokens,
            }
            result["metadata"] = {
                "tokenMetadata": {
                    name: {"totalTokens": number, "totalBillableCharacters": number * 4}
                    for name, number in counts.items()
                }
            }
        return orjson.dumps(result)


def _output(text: str, *, blocked: bool = False) -> Json:
    candidate = {"structVal": {"author": {"stringVal": ["1"]}, "content": {"stringVal": [text]}}}
    safety = {"blocked": {"boolVal": [blocked]}, "categories": {}, "scores": {}}
    return {
        "outputs": [
            {
                "structVal": {
                    "candidates": {"listVal": [candidate]},
                    "citationMetadata": {"structVal": {"citations": {}}},
                    "safetyAttributes": {"structVal": safety},
                }
            }
        ]
    }
