"""Google on the wire: which call it is, whose credential, and the errors of AIP-193.

    POST .../models/{model}:generateContent    :streamGenerateContent    Gemini, at both doors
    POST .../models/{model}:predict            :serverStreamingPredict   PaLM 2, Vertex AI
    GET  .../models                                                      what there is
    POST /token                                                          OAuth, service accounts

Vertex AI wants an OAuth token, the Gemini API a key in `x-goog-api-key` or `?key=`; which of them
we play the row tells by `auth_headers`.
"""

from __future__ import annotations

import re
from typing import Any

from simulator import google_errors, google_gemini, google_palm, google_token
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.google_palm import PalmWire
from simulator.google_wire import GeminiWire
from simulator.provider import Provider
from simulator.writer import Wire

Json = dict[str, Any]

_MODEL = re.compile(r"/models/(?P<model>[^/:]+):(?P<action>\w+)$")
_ACTIONS = {
    "generateContent": (False, False),
    "streamGenerateContent": (False, True),
    "predict": (True, False),
    "serverStreamingPredict": (True, True),
}
_NO_TOKEN = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login"
    " cookie or other valid authentication credential. See"
    " https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_BAD_TOKEN = "Request had invalid authentication credentials." + _NO_TOKEN.partition(".")[2]
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use"
    " API Key or other form of API consumer identity to call this API."
)


def _is_vertex(provider: Provider) -> bool:
    return "authorization" in provider.auth_headers


def _is_palm(model: str) -> bool:
    return "bison" in model


def read(call: Call) -> Ask | Document:
    path = call.path.rstrip("/")
    if path.endswith("/token") and _is_vertex(call.provider):
        call.wants("POST")
        return google_token.grant(call)
    if path.endswith("/models"):
        call.wants("GET")
        _authorize(call)
        return Document(_listing(call.provider), is_listing=True)
    found = _MODEL.search(path)
    action = _ACTIONS.get(found["action"]) if found else None
    if found is None or action is None:
        raise Refused(404, f"The requested URL {path} was not found on this server.")
    call.wants("POST")
    _authorize(call)
    body = call.json()
    is_palm, stream = action
    model = found["model"]
    if is_palm != _is_palm(model):
        raise Refused(
            404,
            f"models/{model} is not found for API version v1beta, or is not supported for"
            f" {found['action']}. Call ListModels to see the list of available models and their"
            " supported methods.",
        )
    if is_palm:
        return google_palm.parse(body, model, stream)
    return google_gemini.parse(body, model, stream, is_vertex=_is_vertex(call.provider))


def _authorize(call: Call) -> None:
    if _is_vertex(call.provider):
        if not call.bearer:
            raise Refused(401, _NO_TOKEN, kind="CREDENTIALS_MISSING")
        if call.key is not None and call.bearer != call.key:
            raise Refused(401, _BAD_TOKEN, kind="ACCESS_TOKEN_TYPE_UNSUPPORTED")
        return
    key = call.headers.get("x-goog-api-key") or call.query.get("key")
    if not key:
        raise Refused(403, _NO_KEY)
    if call.key is not None and key != call.key:
        message = "API key not valid. Please pass a valid API key."
        raise Refused(400, message, kind="API_KEY_INVALID")


def _listing(provider: Provider) -> Json:
    if _is_vertex(provider):
        return {
            "publisherModels": [
                {"name": f"publishers/google/models/{name}", "launchStage": "GA"}
                for name in provider.models
            ]
        }
    return {
        "models": [
            {
                "name": f"models/{name}",
                "version": "001",
                "displayName": name,
                "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 8192,
                "supportedGenerationMethods": ["generateContent", "countTokens"],
            }
            for name in provider.models
        ]
    }


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    provider = call.provider
    if _is_palm(ask.model):
        return PalmWire(provider, ask, answer, directive)
    return GeminiWire(
        provider,
        ask,
        answer,
        directive,
        is_array=ask.stream and call.query.get("alt") != "sse",
        counts_each=not _is_vertex(provider),
    )


error_body = google_errors.error_body
