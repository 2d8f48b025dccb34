"""The connection to a provider, on real sockets: answers however they are sent and read."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from loopback_provider import OK, always, answering, chunked, loopback

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


BODIES = {
    "length": (OK, b"ok"),
    "no body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "chunked": (CHUNKED + chunked(b"hel", b"lo", b" world" * 99), b"hello" + b" world" * 99),
    "extensions": (CHUNKED + b"2;a=b\r\nok\r\n0\r\n\r\n", b"ok"),
    "trailers": (CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n", b"ok"),
    "continue": (b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n" + OK, b"ok"),
    "early hints": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + OK, b"ok"),
    "http 1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
}


@pytest.mark.parametrize("pieces", [1, 10_000], ids=["at once", "byte by byte"])
@pytest.mark.parametrize(("wire", "body"), BODIES.values(), ids=BODIES)
def test_body_is_the_same_however_it_is_sent(run, wire, body, pieces):
    async def story():
        async with loopback(answering(wire, pieces=pieces)) as provider:
            assert await provider.ask() == body

    run(story())


@pytest.mark.parametrize("pieces", [1, 10_000])
def test_body_without_a_length_ends_with_the_connection(run, pieces):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(UNTIL_END + b"data: hi\n\n", pieces)

    async def story():
        async with loopback(server) as provider:
            assert await provider.ask() == b"data: hi\n\n"
            assert await provider.ask() == b"data: hi\n\n"
            assert len(provider.peers) == 2

    run(story())


def test_status_and_headers(run):
    wire = (
        b"HTTP/1.1 429 Slow\r\nCONTENT-type: Application/JSON; charset=utf-8\r\n"
        b"Retry-After: 1.5\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"
    )

    async def story():
        async with loopback(answering(wire, OK)) as provider:
            answer = await provider.send()
            assert (answer.status, answer.content_type) == (429, "application/json")
            assert (answer.retry_after_s, answer.is_encoded) == (1.5, True)
            assert await answer.body() == b""
            answer.close()
            answer = await provider.send()
            assert (answer.status, answer.content_type) == (200, "")
            assert (answer.retry_after_s, answer.is_encoded) == (None, False)
            answer.close()

    run(story())


def test_trailers_are_not_headers(run):
    wire = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Type: text/event-stream\r\n\r\n")
    wire += b"2\r\nok\r\n0\r\nContent-Type: text/html\r\n"

    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(wire)
        for number in range(20_000):
            peer.writer.write(b"X-%d: 1\r\n" % number)
        await peer.say(b"\r\n")

    async def story():
        async with loopback(server) as provider:
            answer = await provider.send()
            assert await answer.body() == b"ok"
            assert answer.content_type == "text/event-stream"
            assert len(answer._connection.response_headers) == 2
            answer.close()

    run(story())


def test_request_has_its_head_and_body(run):
    async def story():
        async with loopback(always(OK)) as provider:
            body = b'{"a":"\xc3\xa9"}' * 50_000
            await provider.ask(body=body)
            head, received = provider.requests[0]
            assert received == body
            lines = head.decode().split("\r\n")
            assert lines[0] == "POST /v1/chat HTTP/1.1"
            assert f"Host: 127.0.0.1:{provider.port}" in lines
            assert "Accept-Encoding: identity" in lines

    run(story())


def test_events_come_as_they_are_sent(run):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(CHUNKED + b"9\r\ndata: a\n\n\r\n6\r\ndata: \r\n")
        await peer.reader.readexactly(1)
        await peer.say(b"1\r\nb\r\n0\r\n\r\n")

    async def story():
        async with loopback(server) as provider:
            answer = await provider.send()
            events = await answer.events()
            while not events:
                events += await answer.events()
            assert events == [b"a"]
            answer._connection._transport.write(b"!")  # let the provider go on
            rest = []
            while (events := await answer.events()) is not None:
                rest += events
            assert rest == [b"b"]
            answer.close()

    run(story())


def test_an_errors_body_is_cut_short(run):
    wire = b"HTTP/1.1 500 Oh\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000

    async def story():
        async with loopback(answering(wire)) as provider:
            assert 65536 <= len(await provider.ask()) < 2_000_000

    run(story())


def test_whoever_reads_slowly_is_waited_for(run):
    """20 MB that the provider would like to send at once: it waits, and nothing is missing."""
    size = 20_000_000
    block = bytes(range(256)) * 250

    async def server(provider, peer):
        await provider.asked(peer)
        peer.writer.transport.set_write_buffer_limits(0)
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        peer.sent = 0
        while peer.sent < size:
            await peer.say(block[: size - peer.sent])
        await peer.gone()

    async def story():
        async with loopback(server) as provider:
            answer = await provider.send()
            (peer,) = provider.peers
            before = -1
            while peer.sent != before:  # until it does not get on any more
                before = peer.sent
                await asyncio.sleep(0.2)
            assert peer.sent < size * 3 // 4
            assert answer._connection._buffered < 1_000_000
            largest, total, digest = 0, 0, hashlib.sha256()
            while data := await answer._connection.read():
                largest, total = max(largest, len(data)), total + len(data)
                digest.update(data)
            assert largest < 1_000_000
            assert total == size
            whole = (block * (size // len(block) + 1))[:size]
            assert digest.digest() == hashlib.sha256(whole).digest()
            answer.close()

    run(story())
