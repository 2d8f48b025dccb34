"""HuggingFace's inference API: Text Generation Inference for each model.

    POST /models/<owner>/<name>                        {inputs, parameters, stream}
    POST /models/<owner>/<name>/v1/chat/completions    OpenAI's body

Source: the OpenAPI document of text-generation-inference, and the words of its validation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator import answer as answers
from simulator import openai_request
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.conversation import conversation
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.openai_wire import OpenAIWire
from simulator.provider import Provider
from simulator.tgi_wire import ERROR_TYPES, TextWire
from simulator.tokens import count
from simulator.writer import Wire

_PATH = re.compile(r"/models/([^/]+/[^/]+)(/v1/chat/completions)?/?")
_TOKENS_DEFAULT = 100
_STOPS_MAX = 4
_CONTEXT_TOKENS = 32_768
# Name, least, most, whether the bounds themselves are taken, and what is said otherwise.
_RANGES = (
    ("temperature", 0, 1e9, False, "`temperature` must be strictly positive"),
    ("top_p", 0, 1, False, "`top_p` must be > 0.0 and < 1.0"),
    ("typical_p", 0, 1, False, "`typical_p` must be > 0.0 and < 1.0"),
    ("top_k", 0, 1e9, False, "`top_k` must be strictly positive"),
    ("repetition_penalty", 0, 1e9, False, "`repetition_penalty` must be strictly positive"),
    ("frequency_penalty", -2, 2, True, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ("max_new_tokens", 0, 1e9, False, "`max_new_tokens` must be strictly positive"),
    ("top_n_tokens", 0, 5, True, "`top_n_tokens` must be >= 0 and <= 5"),
)


def read(call: Call) -> Ask | Document:
    found = _PATH.fullmatch(call.path)
    if found is None:
        raise Refused(404, "Not Found")
    call.wants("POST")
    _authorize(call)
    model, is_chat = found[1], found[2] is not None
    if not isinstance(call.document, dict):
        raise Refused(422, "Failed to parse the request body as JSON")
    if is_chat:
        body = {**call.document, "model": model}
        _check_ranges({name: body[name] for name in ("temperature", "top_p") if name in body})
        return openai_request.parse(call.provider, body, is_text=False)
    return _generation(model, call.document)


def _authorize(call: Call) -> None:
    if not call.bearer:
        raise Refused(401, "Authorization header is required")
    if call.key is not None and call.bearer != call.key:
        raise Refused(401, "Authorization header is correct, but the token seems invalid")


def _generation(model: str, body: Mapping[str, Any]) -> Ask:
    inputs = body.get("inputs")
    if not isinstance(inputs, str):
        raise Refused(
            422, "Failed to deserialize the JSON body into the target type: missing field `inputs`"
        )
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise _invalid("`parameters` must be an object")
    _check_ranges(parameters)
    stop = parameters.get("stop") or []
    if not isinstance(stop, list) or not all(isinstance(text, str) for text in stop):
        raise Refused(422, "Failed to deserialize the JSON body: stop: expected a sequence")
    if len(stop) > _STOPS_MAX:
        raise _invalid(f"`stop` supports up to {_STOPS_MAX} stop sequences. Given: {len(stop)}")
    seed = parameters.get("seed")
    if seed is not None and (type(seed) is not int or seed < 0):
        raise Refused(422, "Failed to deserialize the JSON body: seed: expected u64")
    if not inputs:
        raise _invalid("`inputs` cannot be empty")
    most = parameters.get("max_new_tokens") or _TOKENS_DEFAULT
    tokens = count(inputs)
    if tokens + most > _CONTEXT_TOKENS:
        raise _invalid(
            f"`inputs` tokens + `max_new_tokens` must be <= {_CONTEXT_TOKENS}."
            f" Given: {tokens} `inputs` tokens and {most} `max_new_tokens`"
        )
    return Ask(
        model=model,
        messages=conversation(inputs),
        stream=body.get("stream") is True,
        seed=seed,
        stop=tuple(stop),
        tokens_max=most,
        # What is to be told beside the text: the details, and the likeliest tokens.
        usage_asked=parameters.get("details") is True,
        logprobs=bool(parameters.get("top_n_tokens")),
        top_logprobs=parameters.get("top_n_tokens") or 0,
    )


def _check_ranges(parameters: Mapping[str, Any]) -> None:
    for name, least, most, closed, message in _RANGES:
        value = parameters.get(name)
        if value is None:
            continue
        if type(value) not in (int, float):
            raise Refused(422, f"Failed to deserialize the JSON body: {name}: invalid type")
        if not (least <= value <= most if closed else least < value < most):
            raise _invalid(message)


def _invalid(message: str) -> Refused:
    return Refused(422, f"Input validation error: {message}")


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    found = _PATH.fullmatch(call.path)
    if found is not None and found[2] is None:
        if answer.finish == "stop":
            answer = _with_stop(ask, answer, directive)
        return TextWire(ask, answer, directive)
    return OpenAIWire(call.provider, ask, answer, directive)


def _with_stop(ask: Ask, answer: Answer, directive: Directive) -> Answer:
    """TGI says the stop sequence as well: what would have been said goes on with it."""
    rest = answers.build(replace(ask, stop=(), tokens_max=None), directive).text[len(answer.text) :]
    said = next(stop for stop in ask.stop if rest.startswith(stop))
    return replace(answer, pieces=(*answer.pieces, (said, count(said))))


def error_body(provider: Provider | None, refused: Refused) -> Any:
    """`error` is text; the server's own errors have a type, those of the gateway before it none."""
    if refused.status == 503:
        return {"error": "Model is currently loading", "estimated_time": 20.0}
    body: dict[str, Any] = {"error": refused.message}
    if refused.status in ERROR_TYPES:
        body["error_type"] = ERROR_TYPES[refused.status]
    return body
