"""Shap-E as the open runner deploys it beside its language models: 3D objects from a text.

The prompt and its settings go in, `{"generations": [{"uri", "url"}]}` comes out, after spaces that
kept the connection awake; `uri` is a data URL of a PLY file. In the runner's repository this is a
web function of its own; here it is expected at `/<model>` under the provider's address.
Source: OpenRouterTeam/openrouter-runner, modal/shap-e (earlier `outputs` for `generations`).
"""

from __future__ import annotations

import binascii
from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn
from routing.formats.contents import split_data_url
from routing.request import ChatRequest

_URL_CHARACTERS_MAX = 4096


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """`request` is one of routing.media: a prompt, and the settings as its parameters."""
    body = {"prompt": request.prompt, **request.parameters}
    return Sent("/{model}", orjson.dumps(body), stream=False)


def decode(event: bytes, turn: Turn) -> Chunk | None:
    document = orjson.loads(event)
    if error := document.get("error"):
        return Chunk(failure=_failure(error))
    made = document.get("generations") or document["outputs"]
    turn.is_done = True
    turn.native_finish_reason = "stop"
    outputs = [_output(each) for each in made]
    return Chunk(delta={"generations": outputs}, finish_reason="stop") if outputs else None


def _output(made: dict[str, Any]) -> dict[str, str]:
    """The file as plain base64, or where it is; raises ValueError for neither."""
    output = {}
    if uri := made.get("uri"):
        # "base64 string" (seed): decoders that know no data URLs read it too.
        data = split_data_url(uri)[1] if uri.startswith("data:") else uri
        binascii.a2b_base64(data, strict_mode=True)
        output["uri"] = data
    if url := made.get("url"):
        if not url.startswith(("https://", "http://")) or len(url) > _URL_CHARACTERS_MAX:
            raise ValueError("not an address of a file")
        output["url"] = url
    if not output:
        raise ValueError("neither a file nor its address")
    return output


def _failure(error: Any) -> Failure:
    message = error.get("message") if isinstance(error, dict) else error
    return failures.failure(502, message if isinstance(message, str) else "")


def decode_error(status: int, body: bytes) -> Failure:
    """Plain text, or the framework's `{"detail"}`."""
    try:
        detail = orjson.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = body.decode("utf-8", "replace").strip()
    message = detail if isinstance(detail, str) else orjson.dumps(detail).decode()
    return failures.failure(status, "" if message.startswith("<") else message)
