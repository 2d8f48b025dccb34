"""PaLM 2 for chat (chat-bison, codechat-bison) on Vertex AI: its requests and answers. Pure.

Sources: Vertex AI references "Text chat", "Code chat" and "Stream responses from Generative AI
models". A stream takes and gives `Tensor` messages, says nothing about its end or its tokens.
"""

from __future__ import annotations

from typing import Any

from catalog.snapshot import Endpoint
from routing.chunk import Chunk, Turn, Usage
from routing.formats.contents import figure, named, texts
from routing.formats.translation import SILENCE, accepted, clamped, continuation
from routing.request import ChatRequest

Json = dict[str, Any]

_TOP_K_MAX, _STOPS_MAX = 40, 5
BLOCKED = "blocked"


def is_palm(model: str) -> bool:
    return "bison" in model


def body_of(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Json:
    instance = _instance(request)
    parameters = _parameters(request, endpoint, max_tokens)
    if not request.stream:
        return {"instances": [instance], "parameters": parameters}
    return {"inputs": [_tensor(instance)], "parameters": _tensor(parameters)}


def _instance(request: ChatRequest) -> Json:
    messages = [named(message) for message in request.messages or ()]
    if request.messages is None:
        messages = [{"role": "user", "content": request.prompt or ""}]
    elif request.prefill:
        messages[-1] = {"role": "user", "content": continuation(texts(messages[-1]))}
    first = next((i for i, each in enumerate(messages) if each["role"] != "system"), len(messages))
    context = "\n\n".join(filter(None, map(texts, messages[:first])))
    turns = _turns(messages[first:])
    if not turns:
        # There is nothing but instructions: then they are the question.
        turns, context = [{"author": "user", "content": context or SILENCE}], ""
    return ({"context": context} if context else {}) | {"messages": turns}


def _turns(messages: list[Json]) -> list[Json]:
    """An odd number, taking turns, the user first and last."""
    turns: list[Json] = []
    for message in messages:
        author = "bot" if message["role"] == "assistant" else "user"
        text = texts(message)
        if not text:
            continue
        if turns and turns[-1]["author"] == author:
            turns[-1]["content"] += f"\n\n{text}"
            continue
        if not turns and author == "bot":
            turns.append({"author": "user", "content": SILENCE})
        turns.append({"author": author, "content": text})
    if turns and turns[-1]["author"] == "bot":
        turns.append({"author": "user", "content": SILENCE})
    return turns


def _parameters(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Json:
    given = accepted(request, endpoint)
    limit = _tokens_max(endpoint.upstream_model)
    # Its own default is 1,024, which would cut answers that nobody wanted to be cut.
    parameters: Json = {"maxOutputTokens": limit if max_tokens is None else min(max_tokens, limit)}
    if "temperature" in given:
        parameters["temperature"] = clamped(given["temperature"], 0, 1)
    if "top_p" in given:
        parameters["topP"] = given["top_p"]
    if "top_k" in given:
        parameters["topK"] = clamped(given["top_k"], 1, _TOP_K_MAX)
    if "stop" in given:
        parameters["stopSequences"] = given["stop"][:_STOPS_MAX]
    return parameters


def _tokens_max(model: str) -> int:
    if "32k" in model:
        return 8192
    return 1024 if model == "chat-bison@001" else 2048


def _tensor(value: Any) -> Json:
    """A value as a `Tensor`: each kind under its own name, scalars in a list of one."""
    if isinstance(value, dict):
        return {"structVal": {key: _tensor(inner) for key, inner in value.items()}}
    if isinstance(value, list):
        return {"listVal": [_tensor(inner) for inner in value]}
    if isinstance(value, str):
        return {"stringVal": [value]}
    if isinstance(value, int):
        return {"intVal": [value]}
    return {"floatVal": [value]}


def _plain(tensor: Any) -> Any:
    """A `Tensor` as the value it stands for."""
    if "structVal" in tensor:
        return {key: _plain(inner) for key, inner in tensor["structVal"].items() if inner}
    if "listVal" in tensor:
        return [_plain(inner) for inner in tensor["listVal"]]
    values = next((value for key, value in tensor.items() if key.endswith("Val")), None)
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def is_answer(document: Json) -> bool:
    return "predictions" in document or "outputs" in document


def decode(document: Json, turn: Turn) -> Chunk | None:
    if "predictions" in document:
        turn.usage = _usage((document.get("metadata") or {}).get("tokenMetadata")) or turn.usage
        return _chunk(document["predictions"][0], turn, is_last=True)
    return _chunk(_plain(document["outputs"][0]), turn, is_last=False)


def _chunk(prediction: Json, turn: Turn, *, is_last: bool) -> Chunk | None:
    candidates = prediction.get("candidates")
    text = (candidates[0] if candidates else prediction).get("content") or ""
    if not isinstance(text, str):
        raise TypeError("content is not text")
    if _is_blocked(prediction.get("safetyAttributes")):
        turn.native_finish_reason, turn.is_done = BLOCKED, True
        return Chunk(finish_reason="content_filter", native_finish_reason=BLOCKED)
    # Each piece of a stream may be its last one: nothing tells, and its end says the rest.
    turn.native_finish_reason = "stop"
    if is_last:
        return Chunk(text, finish_reason="stop", native_finish_reason="stop")
    turn.at_end = Chunk(finish_reason="stop", native_finish_reason="stop")
    return Chunk(text) if text else None


def _is_blocked(attributes: Any) -> bool:
    found = attributes[0] if isinstance(attributes, list) and attributes else attributes
    return isinstance(found, dict) and found.get("blocked") is True


def _usage(counted: Any) -> Usage | None:
    if not isinstance(counted, dict):
        return None
    prompt = figure((counted.get("inputTokenCount") or {}).get("totalTokens"))
    if prompt is None:
        return None
    completion = figure((counted.get("outputTokenCount") or {}).get("totalTokens"))
    return Usage(prompt_tokens=prompt, completion_tokens=completion or 0)
