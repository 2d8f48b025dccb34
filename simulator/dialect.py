"""What a dialect must offer, and what it is given: one HTTP call to one provider.

A dialect is a module (or an object) with the functions of `Dialect`, and a line in
`simulator/dialects.py`. The writer (simulator/writer.py) puts what `wire` makes on the socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.provider import Provider
from simulator.writer import Wire


@dataclass(frozen=True)
class Call:
    """One request, read whole. `path` begins after the provider's slug: /v1/chat/completions.

    `key` is the only credential that is taken; None: any. `origin` is where we are reached,
    `http://127.0.0.1:8001/<slug>`, for dialects whose answers hold addresses.
    """

    provider: Provider
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    key: str | None
    origin: str

    @cached_property
    def document(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            return None

    @property
    def bearer(self) -> str:
        """The token of the authorization header; "" when there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object; raises Refused."""
        if not isinstance(self.document, dict):
            raise Refused(400, "We could not parse the JSON body of your request.")
        return self.document

    def wants(self, method: str) -> None:
        if self.method != method:
            raise Refused(405, f"Only {method} requests are accepted.", "method")


@dataclass(frozen=True)
class Document:
    """An answer that no model says: a list, a token, a mesh. `body` is sent as JSON.

    `ask`: whose directives are to be suffered instead. `is_listing`: standing faults hit it.
    `takes_time`: it comes after the time to the first token (ttft_ms), as an answer does.
    """

    body: Any
    status: int = 200
    ask: Ask | None = None
    is_listing: bool = False
    takes_time: bool = False


class Dialect(Protocol):
    def read(self, call: Call) -> Ask | Document:
        """Route, authorise and check as strictly as the real provider; raises Refused."""

    def wire(self, call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire: ...

    def error_body(self, provider: Provider | None, refused: Refused) -> Any:
        """An error in this provider's shape: a document for JSON, or a str for plain text."""
