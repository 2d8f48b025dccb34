"""What goes wrong between us and a provider, on real sockets: all of it is ConnectionLost."""

from __future__ import annotations

import asyncio
import socket

import pytest
from gateway_process import free_port
from loopback_provider import answering, loopback, lost
from routing_builders import endpoint, provider

from routing.chunk import Sent
from routing.connection import ConnectionLost
from routing.sse import MalformedStream
from routing.upstream import Upstream

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(
    ("said", "untouched"),
    [
        (b"", True),
        (b"HTTP/1.1 200", False),
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (HALF, False),
        (CHUNKED, False),
        (CHUNKED + b"5\r\nhel", False),
        (CHUNKED + b"5\r\nhello\r\n0\r\n", False),
    ],
)
def test_a_provider_that_breaks_off_is_lost(run, how, said, untouched):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(said)
        await asyncio.sleep(0.01)
        if how == "reset":
            peer.reset()

    async def story():
        async with loopback(server) as provider:
            assert (await lost(provider)).untouched == untouched
            assert len(provider.requests) == 1

    run(story())


def test_a_reset_is_not_the_end_of_a_body(run):
    """Only an orderly close ends a body without a length (RFC 9112, section 8)."""

    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(UNTIL_END + b"part")
        await peer.reader.readexactly(1)
        peer.reset()

    async def story():
        async with loopback(server) as provider:
            answer = await provider.send()
            assert await answer._connection.read() == b"part"
            answer._connection._transport.write(b"!")
            with pytest.raises(ConnectionLost):
                await answer.body()
            answer.close()

    run(story())


def test_what_came_before_the_break_can_still_be_read(run):
    async def story():
        async with loopback(answering(HALF)) as provider:
            answer = await provider.send()
            provider.peers[0].writer.close()
            await asyncio.sleep(0.05)
            assert await answer._connection.read() == b"half"
            with pytest.raises(ConnectionLost):
                await answer._connection.read()
            answer.close()

    run(story())


def test_nobody_there(run):
    async def story():
        upstream = Upstream(5.0)
        there = endpoint(by=provider(served_at=f"http://127.0.0.1:{free_port()}"))
        with pytest.raises(ConnectionLost) as refused:
            await upstream.send(there, Sent("/x", b"", False))
        assert refused.value.untouched

    run(story())


def test_a_connection_that_takes_too_long_is_given_up(run):
    """Nobody accepts there, and the queue of those who wait for it is full."""

    async def story(port):
        there = endpoint(by=provider(served_at=f"http://127.0.0.1:{port}"))
        with pytest.raises(ConnectionLost, match="connect timeout") as lost:
            await Upstream(connect_timeout_s=0.05).send(there, Sent("/x", b"", False))
        assert lost.value.untouched

    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as waiting:
        waiting.connect(full.getsockname())
        run(story(full.getsockname()[1]))


@pytest.mark.parametrize(
    "address",
    [None, "", "nonsense", "ftp://x.example", "http://", "http://[::1", "http://x:99999",
     "http://x:abc", "http://x.example/a\r\nX: 1", "http://" + "a" * 300 + ".example"],
)  # fmt: skip
def test_an_address_that_is_none(run, address):
    async def story():
        with pytest.raises(ConnectionLost):
            where = endpoint(by=provider(served_at=address))
            await Upstream(5.0).send(where, Sent("/x", b"", False))

    run(story())


MALFORMED = {
    "text": b"HELLO THERE\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "status": b"HTTP/1.1 abc OK\r\n\r\n",
    "header": b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "nul": b"HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "length and chunks": CHUNKED[:-2] + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "chunk size": CHUNKED + b"xyz\r\nhello\r\n",
    "huge chunk": CHUNKED + b"fffffffffffffffff\r\nhello\r\n",
    "chunk end": CHUNKED + b"2\r\nokay\r\n",
    "upgrade": b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nxx",
}


@pytest.mark.parametrize("wire", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_is_lost_at_once(run, wire):
    """At once: the provider keeps the connection open."""

    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(wire)
        await peer.gone()

    async def story():
        async with loopback(server) as provider:
            failure = await lost(provider)
            assert not failure.untouched
            assert len(provider.requests) == 1

    run(story())


@pytest.mark.parametrize(
    "piece",
    [b"X-Header: " + b"x" * 1000 + b"\r\n", b"x" * 1000, b"HTTP/1.1 100 Continue\r\n\r\n" * 50],
    ids=["many", "one", "many announcements"],
)
def test_headers_without_end_are_lost(run, piece):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(b"" if piece.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            await peer.say(piece)

    async def story():
        async with loopback(server) as provider:
            failure = await lost(provider)
            assert str(failure) == "headers too large"
            assert provider.peers[0].sent < 10_000_000

    run(story())


def test_a_body_or_an_event_without_end_is_refused(run):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(UNTIL_END + b"data: ")
        while True:
            await peer.say(b"x" * 65536)

    async def story():
        async with loopback(server) as provider:
            with pytest.raises(MalformedStream):
                await provider.ask()
            answer = await provider.send()
            with pytest.raises(MalformedStream):
                while await answer.events() is not None:
                    pass
            answer.close()
            for peer in provider.peers:
                await peer.gone()

    run(story())
