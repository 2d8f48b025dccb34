"""Replicate's predictions: created, read as a stream or asked for until they are done, cancelled.

    POST [/v1]/models/<owner>/<name>/predictions    {input, stream?}
    POST [/v1]/predictions                          {version, input, stream?}
    GET  [/v1]/predictions/<id>    POST .../cancel    GET [/v1]/streams/<id>

Source: Replicate's HTTP API reference and its Python client. A prediction is processing when it is
first asked for and done the second time; the real one takes as long as it takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.conversation import conversation
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.provider import Provider
from simulator.replicate_wire import Prediction, PredictionWire
from simulator.writer import Wire

_OF_MODEL = re.compile(r"(?:/v1)?/models/([^/]+/[^/]+)/predictions/?")
_OF_VERSION = re.compile(r"(?:/v1)?/predictions/?")
_ONE = re.compile(r"(?:/v1)?/(predictions|streams)/([a-z0-9]+)(/cancel)?/?")
_VERSION = re.compile(r"(?:[^:]+:)?[0-9a-f]{64}")
_KEPT_MAX = 1_000
_NUMBERS = {
    "temperature": (0.0, 5.0), "top_p": (0.0, 1.0), "top_k": (-1, 1e9), "max_tokens": (1, 1e9),
    "max_new_tokens": (1, 1e9),
}  # fmt: skip
_TOKENS_DEFAULT = 512

_predictions: dict[str, Prediction] = {}


def read(call: Call) -> Ask | Document:
    if found := _ONE.fullmatch(call.path):
        return _known(call, found)
    of_model, of_version = _OF_MODEL.fullmatch(call.path), _OF_VERSION.fullmatch(call.path)
    if not (of_model or of_version):
        raise Refused(404, "The requested resource could not be found.")
    call.wants("POST")
    _authorize(call)
    body = call.document
    if not isinstance(body, dict):
        raise Refused(400, "The request body could not be parsed as JSON.")
    model = of_model[1] if of_model else body.get("version")
    if not isinstance(model, str) or (of_version and not _VERSION.fullmatch(model)):
        raise Refused(422, "- version: Invalid version or not permitted\n", kind="Invalid version")
    return _create(call, model, body)


def _authorize(call: Call) -> None:
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    is_known = scheme.lower() in ("bearer", "token") and given
    if not is_known or (call.key is not None and given != call.key):
        raise Refused(401, "You did not pass a valid authentication token")


def _create(call: Call, model: str, body: Mapping[str, Any]) -> Ask | Document:
    given = body.get("input")
    if not isinstance(given, dict):
        raise Refused(422, "- input is required\n", "input")
    ask = _ask(model, given, stream=body.get("stream") is True)
    prediction = Prediction(call.origin, model, dict(given), ask)
    while len(_predictions) >= _KEPT_MAX:
        _predictions.pop(next(iter(_predictions)))
    _predictions[prediction.id] = prediction
    if call.headers.get("prefer", "").startswith("wait"):
        prediction.reading = prediction.not_streamed()
        return prediction.reading
    return Document(prediction.document("starting"), 201, ask=ask)


def _ask(model: str, given: Mapping[str, Any], *, stream: bool) -> Ask:
    prompt = given.get("prompt")
    if not isinstance(prompt, str):
        raise Refused(422, "- input: prompt is required\n", "prompt")
    for name, (least, most) in _NUMBERS.items():
        value = given.get(name)
        if value is not None and (type(value) not in (int, float) or not least <= value <= most):
            rule = f"Must be less than or equal to {most:g}"
            if type(value) in (int, float) and value < least:
                rule = f"Must be greater than or equal to {least:g}"
            raise Refused(422, f"- input.{name}: {rule}\n", name)
    template = given.get("prompt_template")
    if template is not None and "{prompt}" not in str(template):
        raise Refused(422, "- input.prompt_template: must contain {prompt}\n", "prompt_template")
    stops = given.get("stop_sequences") or ""
    if not isinstance(stops, str):
        raise Refused(422, "- input.stop_sequences: Invalid type. Expected: string\n", "stop")
    return Ask(
        model=model,
        messages=conversation(prompt),
        stream=stream,
        seed=given.get("seed"),
        stop=tuple(stop for stop in stops.split(",") if stop),
        tokens_max=given.get("max_tokens") or given.get("max_new_tokens") or _TOKENS_DEFAULT,
    )


def _known(call: Call, found: re.Match[str]) -> Ask | Document:
    """One prediction. Its stream is open to whoever knows the address, the rest wants the token."""
    prediction = _predictions.get(found[2])
    is_stream, is_cancel = found[1] == "streams", found[3] is not None
    call.wants("POST" if is_cancel else "GET")
    if not is_stream:
        _authorize(call)
    if prediction is None or (is_stream and not prediction.ask.stream):
        raise Refused(404, "The requested resource could not be found.")
    if is_cancel:
        prediction.cancel()
        return Document(prediction.document(prediction.status))
    if is_stream:
        prediction.reading = prediction.ask
        return prediction.ask
    prediction.polls += 1
    if prediction.is_over:
        return Document(prediction.document(prediction.status))
    if prediction.polls == 1:
        return Document(prediction.document("processing"))
    prediction.reading = prediction.not_streamed()
    return prediction.reading


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    prediction = next(each for each in _predictions.values() if each.reading is ask)
    return PredictionWire(prediction, answer, directive)


def error_body(provider: Provider | None, refused: Refused) -> Any:
    """Problem details."""
    body: dict[str, Any] = {"detail": refused.message, "status": refused.status}
    if refused.status == 401:
        body["title"] = "Unauthenticated"
    elif refused.status == 402:
        body["title"] = "Insufficient credit"
    elif refused.status == 422:
        body["title"] = "Input validation failed" if refused.param else refused.kind
        if refused.param:
            body["invalid_fields"] = [{"field": refused.param, "description": refused.message}]
    elif refused.status == 429:
        body["detail"] = "Request was throttled. Expected available in 1 second."
    return body
