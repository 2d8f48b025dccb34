"""A web server of pictures, a canary beside it, and a fetcher that finds the first by name.

The server listens on 127.0.0.2, which the tests declare public; the canary on 127.0.0.1, where
nobody may ever come. No test connects to anything outside this machine.
"""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from openrouter_site.errors import BadRequest
from routing import addresses
from routing.fetching import Fetcher

PUBLIC, INSIDE = "127.0.0.2", "127.0.0.1"


def answer(body=b"", *headers, status="200 OK", length=True):
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect(location, status="302 Found"):
    return answer(b"", f"Location: {location}", status=status)


async def silent(writer):
    await asyncio.sleep(60)


class Site:
    """`pages`: the answer at each path, bytes or a coroutine that is given the writer."""

    def __init__(self, pages):
        self.pages = pages
        self.requests = []
        self.looked_up = []
        self.names = {}
        self.canary = 0
        self.busy = self.busiest = 0
        self.port = self.canary_port = 0
        self.tasks = set()
        self.writers = []

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        self.writers.append(writer)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self.busy -= 1
            writer.close()

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        page = self.pages[head.split(" ")[1]]
        if isinstance(page, bytes):
            writer.write(page)
            await writer.drain()
        else:
            await page(writer)

    async def alarm(self, reader, writer):
        self.canary += 1
        writer.close()

    async def resolve(self, host, port):
        self.looked_up.append(host)
        found = self.names.get(host, [PUBLIC])
        if isinstance(found, Exception):
            raise found
        return found.pop(0) if found and isinstance(found[0], list) else found

    def fetcher(self, **given):
        return Fetcher(**({"resolve": self.resolve, "may_connect": on_this_machine} | given))

    def url(self, path="/a.png", host="pictures.example", scheme="http"):
        return f"{scheme}://{host}:{self.port}{path}"

    async def refused(self, url=None, **given):
        """The message of the refusal."""
        with pytest.raises(BadRequest) as caught:
            await self.fetcher(**given).fetch(url or self.url())
        assert caught.value.message.endswith(
            "Send the picture itself instead, as a data:image/...;base64, URL."
        )
        return caught.value.message


def on_this_machine(address):
    """The product's own judgement, with one address of this machine taken for public."""
    assert not addresses.may_connect(address), "a test would leave this machine"
    return address == PUBLIC


@contextlib.asynccontextmanager
async def site(pages, tls=None):
    made = Site(pages)
    server = await asyncio.start_server(made.serve, PUBLIC, 0, ssl=tls)
    canary = await asyncio.start_server(made.alarm, INSIDE, 0)
    made.port = server.sockets[0].getsockname()[1]
    made.canary_port = canary.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(60):
            yield made
    finally:
        server.close()
        canary.close()
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        for writer in made.writers:
            writer.transport.abort()
        await asyncio.sleep(0)
    assert made.canary == 0
