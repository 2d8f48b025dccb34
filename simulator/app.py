"""Routing: which provider, which of its endpoints, and the life of one request.

/<slug>/...: whatever the provider's dialect serves (simulator/dialects.py)
/stripe/...: a simulated Stripe (simulator/stripe_app.py)
GET, DELETE /_log    GET /_stats    GET, POST, DELETE /_faults    POST /_gates    GET /healthz
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from typing import Any
from urllib.parse import parse_qsl

from simulator import answer as answers
from simulator import control, early, stripe_app, tokens, writer
from simulator.asgi import (
    Disconnected,
    Receive,
    Scope,
    Send,
    TooLarge,
    disconnected,
    headers_of,
    read_body,
)
from simulator.ask import Ask
from simulator.dialect import Call, Document
from simulator.dialects import DIALECTS
from simulator.errors import Refused
from simulator.faults import NOTHING, BadDirective, Directive, Faults, written
from simulator.gates import Gates
from simulator.log import Log, Record
from simulator.provider import Provider
from simulator.providers import PROVIDERS
from simulator.settings import Settings, from_environment


class Simulator:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = Log(settings.log_path, settings.log_bodies)
        self.faults = Faults()
        self.gates = Gates()
        self.stripe = stripe_app.Stripe()
        # Now and not at the first request, whose time to first token it would spoil.
        tokens.encoding()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # There are no websockets: we run uvicorn without them.
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["path"].startswith(stripe_app.PREFIX):
            await self.stripe.serve(scope, receive, send)
            return
        served = await control.serve(self.log, self.faults, self.gates, scope, receive, send)
        if not served:
            await self._provider(scope, receive, send)

    async def _provider(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"])
        slug = path.split("/", 2)[1]
        headers = headers_of(scope)
        record = self.log.start(slug, path, headers)
        try:
            try:
                raw = await read_body(receive)
            except TooLarge:
                await early.refuse(send, record, PROVIDERS.get(slug), Refused(413), NOTHING)
                return
            exchange = Exchange(self, scope, send, record, raw, headers)
            await _until_gone(exchange, receive)
        except Disconnected:
            _mark_aborted(record)
        finally:
            self.log.end(record)


class Exchange:
    """One request that has been read, and its answer."""

    def __init__(
        self,
        simulator: Simulator,
        scope: Scope,
        send: Send,
        record: Record,
        raw: bytes,
        headers: dict[str, str],
    ) -> None:
        self.simulator = simulator
        self.scope = scope
        self.send = send
        self.record = record
        self.raw = raw
        self.headers = headers
        self.provider = PROVIDERS.get(record.provider)

    async def run(self) -> None:
        try:
            await self._run()
        except Refused as refused:
            await early.refuse(self.send, self.record, self.provider, refused, NOTHING)
        except BadDirective as error:
            await early.refuse(self.send, self.record, None, Refused(400, str(error)), NOTHING)

    async def _run(self) -> None:
        if self.provider is None:
            raise Refused(404, f"Unknown provider: {self.record.provider!r}.", "url")
        call = self._call(self.provider)
        if isinstance(call.document, dict):
            self.simulator.log.describe(self.record, self.raw, call.document)
        asked = DIALECTS[call.provider.dialect].read(call)
        if isinstance(asked, Document):
            await self._document(call, asked)
            return
        self._describe(asked)
        directive = self._directive(self._found(call, asked))
        if not await self._fails(call.provider, directive):
            await self._answer(call, asked, directive)

    def _call(self, provider: Provider) -> Call:
        scope = self.scope
        host = self.headers.get("host", "127.0.0.1")
        return Call(
            provider=provider,
            method=str(scope["method"]),
            path=self.record.path.removeprefix(f"/{provider.slug}"),
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=self.headers,
            raw=self.raw,
            key=self.simulator.settings.keys.get(provider.slug),
            origin=f"http://{host}/{provider.slug}",
        )

    async def _document(self, call: Call, document: Document) -> None:
        found: dict[str, Any] = {}
        if document.is_listing:
            header = self.headers.get("x-simulate", "")
            found = self.simulator.faults.standing(call.provider.slug, header)
        elif document.ask is not None:
            self._describe(document.ask)
            found = self._found(call, document.ask)
        directive = self._directive(found)
        if not await self._fails(call.provider, directive):
            if document.takes_time and directive.ttft_ms:
                await asyncio.sleep(directive.ttft_ms / 1000)
            await early.document(self.send, self.record, document.status, document.body)

    async def _answer(self, call: Call, ask: Ask, directive: Directive) -> None:
        settings = self.simulator.settings
        answer = answers.build(ask, directive)
        self.record.prompt_tokens = answer.prompt_tokens
        wire = DIALECTS[call.provider.dialect].wire(call, ask, answer, directive)
        out = writer.Writer(self.send, self.record, directive)
        pace = writer.Pace.of(directive, settings.ttft_ms, settings.tokens_per_second)
        if ask.stream:
            await writer.stream(out, wire, pace)
        else:
            await writer.whole(out, wire, pace, answer.completion_tokens)

    def _describe(self, ask: Ask) -> None:
        """What some dialects say in the path: which model, and whether it is a stream."""
        self.record.model, self.record.stream = ask.model, ask.stream

    def _found(self, call: Call, ask: Ask) -> dict[str, Any]:
        script = self.headers.get("x-simulate", "")
        return self.simulator.faults.find(call.provider.slug, ask.model, script, ask.prompt)

    def _directive(self, found: dict[str, Any]) -> Directive:
        self.record.directive = written(found)
        return Directive(**found)

    async def _fails(self, provider: Provider, directive: Directive) -> bool:
        if directive.gate is not None:
            await self.simulator.gates.passed(directive.gate)
        return await early.fail(self.send, self.record, provider, directive)


async def _until_gone(exchange: Exchange, receive: Receive) -> None:
    """Answer, and stop at once when the client goes."""
    work = asyncio.create_task(exchange.run())
    gone = asyncio.create_task(disconnected(receive))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            _mark_aborted(exchange.record)
    finally:
        work.cancel()
        gone.cancel()
        outcome, _ = await asyncio.gather(work, gone, return_exceptions=True)
    if isinstance(outcome, Exception):
        # uvicorn is told to be quiet, so we say it: this is our mistake, never a directive's.
        traceback.print_exception(outcome, file=sys.stderr)
        raise outcome


def _mark_aborted(record: Record) -> None:
    record.aborted = True
    record.aborted_at = time.time()


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def __getattr__(name: str) -> Simulator:
    """`simulator.app:app`, made when somebody asks for it: `python -m simulator` makes its own."""
    if name != "app":
        raise AttributeError(name)
    made = globals()["app"] = Simulator(from_environment())
    return made
