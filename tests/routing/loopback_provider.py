"""A provider on loopback whose every byte the test decides, and a client that asks it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest
from routing_builders import endpoint, provider

from catalog.credentials import ProviderCredential
from routing.chunk import Sent
from routing.connection import ConnectionLost
from routing.keyring import NO_CREDENTIAL
from routing.upstream import Upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DEADLINE_S = 20


class Peer:
    """One accepted connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.sent = 0
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def request(self):
        """The head and the body of the next request; None when the client went."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        return head, await self.reader.readexactly(length)

    async def say(self, data, pieces=1):
        """In so many writes, with time for the client to read between them."""
        step = -(-len(data) // pieces) or 1
        for start in range(0, len(data), step):
            self.writer.write(data[start : start + step])
            await self.writer.drain()
            self.sent += len(data[start : start + step])
            await asyncio.sleep(0)

    def reset(self):
        """RST, not FIN."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def gone(self):
        """Until the client closed its side."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


class Loopback:
    """The provider and our client. `peers` are its connections, `requests` what came, in order."""

    def __init__(self, story):
        self.peers = []
        self.requests = []
        self.upstream = Upstream(connect_timeout_s=5.0)
        self.port = 0
        self.scheme = "http"
        self._story = story
        self._tasks = set()
        self._targets = {}

    async def connected(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            peer = Peer(reader, writer)
            self.peers.append(peer)
            await self._story(self, peer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went, or the test is over
        finally:
            writer.close()

    async def asked(self, peer):
        request = await peer.request()
        if request is not None:
            self.requests.append(request)
        return request

    async def send(self, body=b"{}", host="127.0.0.1", credential=NO_CREDENTIAL, **fields):
        """An Answer; `fields` are the provider's, `credential` may be the mere secret."""
        if isinstance(credential, str):
            credential = ProviderCredential("test:1", "main", "stored", credential)
        key = (host, *fields)
        if key not in self._targets:
            url = f"{self.scheme}://{host}:{self.port}/v1"
            self._targets[key] = endpoint(
                len(self._targets), provider(**({"served_at": url} | fields))
            )
        return await self.upstream.send(self._targets[key], Sent("/chat", body, False), credential)

    async def ask(self, **given):
        """The whole body of an answer, and the connection goes back into the pool."""
        answer = await self.send(**given)
        try:
            return await answer.body()
        finally:
            answer.close()

    async def end(self):
        self.upstream.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for peer in self.peers:
            peer.writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def loopback(story, tls=None):
    """`story(loopback, peer)` is awaited for each connection the provider accepts."""
    made = Loopback(story)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    made.port = server.sockets[0].getsockname()[1]
    made.scheme = "https" if tls else "http"
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield made
    finally:
        server.close()
        await made.end()
        await asyncio.sleep(0)


def answering(*answers, pieces=1):
    """A story: these answers in turn, on one connection or many; then the connection closes."""
    left = list(answers)

    async def story(provider, peer):
        while left and await provider.asked(peer) is not None:
            await peer.say(left.pop(0), pieces)
        if left or not answers:
            return
        await peer.gone()

    return story


def always(data):
    """A story: this to every request, for as long as the client likes."""

    async def story(provider, peer):
        while await provider.asked(peer) is not None:
            await peer.say(data)

    return story


def chunked(*parts):
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


async def lost(provider, **given):
    """The ConnectionLost that asking ends with."""
    with pytest.raises(ConnectionLost) as caught:
        await provider.ask(**given)
    return caught.value
