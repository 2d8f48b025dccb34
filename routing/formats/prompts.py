"""One text instead of messages, for providers that only complete. Pure."""

from __future__ import annotations

from catalog.snapshot import Endpoint
from routing.formats.templates import Rendered, render
from routing.request import ChatRequest


def prompt_of(request: ChatRequest, endpoint: Endpoint) -> Rendered:
    """The caller's own prompt as it is, or the messages by the endpoint's instruct template."""
    if request.prompt is not None:
        return Rendered(request.prompt, ())
    return render(request.messages or (), endpoint.instruct_type, prefill=request.prefill)


def stops_of(request: ChatRequest, rendered: Rendered, most: int) -> list[str]:
    """The caller's stops, then the template's, each once and `most` at most."""
    asked = request.parameters.get("stop") or ()
    return list(dict.fromkeys([*asked, *rendered.stop]))[:most]
