"""OpenRouter's open runner on Modal: vLLM behind a small API, and Shap-E beside it.

    POST /completion (also /)    {id, prompt, model, params, stream}
    POST /shap-e                 {prompt, num_outputs, num_inference_steps, extension}

Source: OpenRouterTeam/openrouter-runner, modal/runner, modal/shared and modal/shap-e. There the
second is a web function with a host of its own; here it has a path.
"""

from __future__ import annotations

import base64
from typing import Any

from simulator import mesh
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.conversation import conversation
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.faults import Directive, without_blocks
from simulator.provider import Provider
from simulator.runner_wire import RunnerWire
from simulator.writer import Wire

_TOKENS_DEFAULT = 42
_DETAIL = "detail"
"""The kind of a refusal by the framework, which answers JSON; the runner answers plain text."""
_NUMBERS = {
    "temperature": (0.0, 1e9, "temperature must be non-negative, got {}."),
    "top_p": (1e-9, 1.0, "top_p must be in (0, 1], got {}."),
    "presence_penalty": (-2.0, 2.0, "presence_penalty must be in [-2, 2], got {}."),
    "frequency_penalty": (-2.0, 2.0, "frequency_penalty must be in [-2, 2], got {}."),
    "repetition_penalty": (1e-9, 2.0, "repetition_penalty must be in (0, 2], got {}."),
}


def read(call: Call) -> Ask | Document:
    path = call.path.rstrip("/")
    if path not in ("", "/completion", "/shap-e"):
        raise Refused(404, "Not Found", kind=_DETAIL)
    if call.method != "POST":
        raise Refused(405, "Method Not Allowed", kind=_DETAIL)
    _authorize(call)
    body = _fields(call.document)
    return _objects(body) if path == "/shap-e" else _completion(body)


def _authorize(call: Call) -> None:
    if not call.bearer:
        raise Refused(403, "Not authenticated", kind=_DETAIL)
    if call.key is not None and call.bearer != call.key:
        raise Refused(401, "Incorrect bearer token", kind=_DETAIL)


def _fields(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Refused(422, "Input should be a valid dictionary or object", kind="model_type")
    return document


def _field(body: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = body.get(name, default)
    if value is None:
        raise Refused(422, "Field required", name, "missing")
    if type(value) is not kind:
        raise Refused(
            422, f"Input should be a valid {kind.__name__}", name, f"{kind.__name__}_type"
        )
    return value


def _completion(body: dict[str, Any]) -> Ask:
    _field(body, "id", str)
    prompt, model = _field(body, "prompt", str), _field(body, "model", str)
    params = _field(body, "params", dict)
    if "/" not in model:
        raise Refused(400, f"Unable to locate model {model}")
    for name, (least, most, message) in _NUMBERS.items():
        value = params.get(name)
        if value is not None and type(value) not in (int, float):
            raise Refused(422, "Input should be a valid number", f"params.{name}", "float_type")
        if value is not None and not least <= value <= most:
            raise Refused(400, message.format(value))
    for name in ("top_k", "min_p", "n", "best_of", "max_tokens", "logprobs"):
        value = params.get(name)
        if value is not None and (type(value) not in (int, float) or value != int(value)):
            raise Refused(
                422, "Input should be a valid integer", f"params.{name}", "int_from_float"
            )
    top_k = params.get("top_k")
    if top_k is not None and (top_k < -1 or top_k == 0):
        raise Refused(400, f"top_k must be -1 (disable), or at least 1, got {top_k}.")
    most_tokens = params.get("max_tokens", _TOKENS_DEFAULT)
    if most_tokens is not None and most_tokens < 1:
        raise Refused(400, f"max_tokens must be at least 1, got {most_tokens}.")
    stop = params.get("stop") or []
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(each, str) for each in stops):
        raise Refused(422, "Input should be a valid string or list", "params.stop", "string_type")
    return Ask(
        model=model,
        messages=conversation(prompt),
        stream=body.get("stream") is True,
        stop=tuple(stops),
        tokens_max=most_tokens,
    )


def _objects(body: dict[str, Any]) -> Document:
    prompt = _field(body, "prompt", str)
    outputs = _field(body, "num_outputs", int, 1)
    steps = _field(body, "num_inference_steps", int, 32)
    ask = Ask(model="shap-e", messages=[{"role": "user", "content": prompt}], is_text=True)
    made = (mesh.ply(without_blocks(prompt), number, steps) for number in range(outputs))
    generations = [
        {"uri": f"data:application/x-ply;base64,{base64.b64encode(data).decode()}", "url": None}
        for data in made
    ]
    return Document({"generations": generations}, ask=ask, takes_time=True)


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    return RunnerWire(ask, answer, directive)


def error_body(provider: Provider | None, refused: Refused) -> Any:
    if refused.status == 422:
        place = ["body", *refused.param.split(".")] if refused.param else ["body"]
        return {"detail": [{"type": refused.kind, "loc": place, "msg": refused.message}]}
    return {"detail": refused.message} if refused.kind == _DETAIL else refused.message
