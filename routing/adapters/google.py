"""Google: Gemini on Vertex AI and on the Gemini API, and PaLM 2 on Vertex AI.

The bodies are the same at both doors; paths and credentials are the provider's row. Its chat path
names the model as `{model}` and ends in `:generateContent`.
Source: `generateContent` references of both APIs; AIP-193 for errors.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn, Usage
from routing.formats import google_contents, palm
from routing.formats.contents import figure
from routing.formats.translation import call_id, said, tool_call
from routing.request import ChatRequest

Json = dict[str, Any]

NEEDS_IMAGE_BYTES = True
_DEFAULT_PATH = "/models/{model}:generateContent"
_ACTION = ":generateContent"
# Gemini's and PaLM's, of one answer and of a stream.
_ACTIONS = {
    (False, False): ":generateContent",
    (False, True): ":streamGenerateContent?alt=sse",
    (True, False): ":predict",
    (True, True): ":serverStreamingPredict?alt=sse",
}
_FINISH_REASONS = {
    "FINISH_REASON_UNSPECIFIED": "stop",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "OTHER": "error",
    "LANGUAGE": "error",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
}


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    is_palm = palm.is_palm(endpoint.upstream_model)
    body = (palm if is_palm else google_contents).body_of(request, endpoint, max_tokens)
    path = endpoint.provider.chat_path or _DEFAULT_PATH
    path = path.removesuffix(_ACTION) + _ACTIONS[is_palm, request.stream]
    path = path.replace("{model}", quote(endpoint.upstream_model, safe="@/"))
    return Sent(path, orjson.dumps(body), request.stream)


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """One `GenerateContentResponse`; in a stream each holds what is new."""
    document = said(event)
    if document.get("error"):
        return Chunk(failure=_failure_of(document["error"], 502))
    if palm.is_answer(document):
        return palm.decode(document, turn)
    turn.upstream_id = turn.upstream_id or str(document.get("responseId") or "")
    usage = document.get("usageMetadata")
    if usage:
        turn.usage = _usage(usage) or turn.usage
    candidates = document.get("candidates")
    if not candidates:
        feedback = document.get("promptFeedback") or {}
        if feedback.get("blockReason"):
            return Chunk(failure=_blocked(feedback))
        if not usage:
            raise KeyError("candidates")
        return None
    return _chunk(candidates[0], event, turn)


def _chunk(candidate: Json, event: bytes, turn: Turn) -> Chunk | None:
    parts = (candidate.get("content") or {}).get("parts") or []
    text = "".join(part["text"] for part in parts if _is_text(part, thought=False))
    delta = _beside_text(parts, event, turn)
    native = candidate.get("finishReason")
    if turn.native_finish_reason is not None:
        # Gemini 1.0 says STOP in each piece of a stream; an answer ends once.
        native = None
    if native is None and not (text or delta):
        return None
    turn.memory["spoke"] = turn.memory.get("spoke") or bool(text or delta)
    finish_reason = _finish_reason(native, turn) if native else None
    if finish_reason == "error" and not turn.memory["spoke"]:
        # Nothing was said, so another endpoint may still do better.
        return Chunk(failure=Failure(502, f"the model broke off: {native}"))
    return Chunk(
        text=text,
        delta=delta,
        finish_reason=finish_reason,
        native_finish_reason=native,
        logprobs=_logprobs(candidate.get("logprobsResult")),
    )


def _is_text(part: Json, *, thought: bool) -> bool:
    return bool(part.get("text")) and bool(part.get("thought")) is thought


def _beside_text(parts: list[Json], event: bytes, turn: Turn) -> Json | None:
    """Thoughts and calls. A call comes whole; its signature goes back with it in the next turn."""
    delta: Json = {}
    if thoughts := "".join(part["text"] for part in parts if _is_text(part, thought=True)):
        delta["reasoning"] = thoughts
    calls, signatures = [], []
    for part in parts:
        called = part.get("functionCall")
        if called is None:
            continue
        number = turn.memory.get("calls", 0)
        turn.memory["calls"] = number + 1
        identity = str(called.get("id") or call_id(event, number))
        arguments = orjson.dumps(called.get("args") or {}).decode()
        calls.append(tool_call(number, identity, str(called["name"]), arguments))
        if isinstance(signature := part.get("thoughtSignature"), str):
            signatures.append(_signature(identity, signature, number))
    if calls:
        delta["tool_calls"] = calls
    if signatures:
        delta["reasoning_details"] = signatures
    return delta or None


def _signature(call: str, signature: str, number: int) -> Json:
    return {
        "type": "reasoning.encrypted",
        "data": signature,
        "format": google_contents.SIGNATURE_FORMAT,
        "id": call,
        "index": number,
    }


def _finish_reason(native: str, turn: Turn) -> str:
    if not isinstance(native, str):
        raise TypeError("a finish reason that is no word")
    turn.native_finish_reason = native
    reason = _FINISH_REASONS.get(native, "stop")
    return "tool_calls" if reason == "stop" and turn.memory.get("calls") else reason


def _logprobs(result: Any) -> Json | None:
    if not isinstance(result, dict) or not result.get("chosenCandidates"):
        return None
    tops = [each.get("candidates") or [] for each in result.get("topCandidates") or ()]
    chosen = [_logprob(each) for each in result["chosenCandidates"]]
    for place, entry in enumerate(chosen):
        alternatives = tops[place] if place < len(tops) else []
        entry["top_logprobs"] = [_logprob(each) for each in alternatives]
    return {"content": chosen}


def _logprob(each: Json) -> Json:
    token = str(each.get("token") or "")
    logprob = float(each.get("logProbability") or 0.0)
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def _usage(usage: Json) -> Usage | None:
    """Thoughts are counted beside the answer and paid like it."""
    prompt = figure(usage.get("promptTokenCount"))
    if prompt is None:
        return None
    thoughts = figure(usage.get("thoughtsTokenCount")) or 0
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=(figure(usage.get("candidatesTokenCount")) or 0) + thoughts,
        reasoning_tokens=thoughts,
        cached_tokens=figure(usage.get("cachedContentTokenCount")) or 0,
    )


def _blocked(feedback: Json) -> Failure:
    """The prompt was refused: why, and in which categories it stood out."""
    reason = str(feedback["blockReason"])
    high = [
        str(rating.get("category"))
        for rating in feedback.get("safetyRatings") or ()
        if rating.get("blocked") or rating.get("probability") == "HIGH"
    ]
    message = str(feedback.get("blockReasonMessage") or f"The prompt was blocked: {reason}")
    return failures.failure(403, message, code="safety", reasons=[reason, *high])


def decode_error(status: int, body: bytes) -> Failure:
    try:
        document = said(body)
    except orjson.JSONDecodeError:
        return Failure(status, "")
    error = document.get("error") if isinstance(document, dict) else None
    return _failure_of(error or document, status)


def _failure_of(error: Any, status: int) -> Failure:
    if not isinstance(error, dict):
        return failures.failure(status, error if isinstance(error, str) else "")
    code = error.get("code")
    if status == 502 and type(code) is int and 400 <= code < 600:
        status = code
    details = [each for each in error.get("details") or () if isinstance(each, dict)]
    reasons = {each.get("reason") for each in details}
    if "API_KEY_INVALID" in reasons or "API_KEY_EXPIRED" in reasons:
        # They say 400, but it is our key that is refused and not the request.
        status = 401
    elif error.get("status") == "FAILED_PRECONDITION":
        # Billing or region of our account: another endpoint may have neither fault.
        status = 403
    failure = failures.failure(status, str(error.get("message") or ""), code=error.get("status"))
    failure.retry_after_s = next(filter(None, map(_retry_after_s, details)), None)
    return failure


def _retry_after_s(detail: Json) -> float | None:
    """`RetryInfo`: "36s" or "0.5s"."""
    seconds = str(detail.get("retryDelay") or "").removesuffix("s")
    return float(seconds) if seconds.replace(".", "", 1).isdecimal() else None
