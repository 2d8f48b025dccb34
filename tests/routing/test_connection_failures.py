"""What goes wrong between us and a provider, on real sockets: all of it is ConnectionLost."""

from __future__ import annotations

import asyncio
import socket
import traceback

import pytest
from loopback_provider import OK, Loopback, always, answering, loopback
from routing_builders import endpoint, provider

from routing.chunk import Sent
from routing.connection import ConnectionLost
from routing.sse import MalformedStream
from routing.upstream import Upstream

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"


async def lost(provider, **given):
    """The ConnectionLost that asking ends with."""
    with pytest.raises(ConnectionLost) as caught:
        await provider.ask(**given)
    return caught.value


# --- Broken off ----------------------------------------------------------------------------------


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
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        upstream = Upstream(5.0)
        there = endpoint(by=provider(served_at=f"http://127.0.0.1:{port}"))
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


# --- Rubbish -------------------------------------------------------------------------------------

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


# --- Abort and cancellation ----------------------------------------------------------------------


async def _endless(provider: Loopback, peer):
    await provider.asked(peer)
    await peer.say(UNTIL_END + b"data: a\n\n")
    await peer.gone()
    provider.gone.set()


@pytest.mark.parametrize("reading", [False, True])
def test_abort_closes_the_socket_and_tells_the_reader_why(run, reading):
    async def story():
        async with loopback(_endless) as provider:
            provider.gone = asyncio.Event()
            answer = await provider.send()
            assert await answer.events() == [b"a"]
            reader = asyncio.create_task(answer.events())
            if reading:
                await asyncio.sleep(0.01)
            answer.abort(RuntimeError("the client left"))
            with pytest.raises(RuntimeError, match="the client left"):
                await reader
            await provider.gone.wait()
            with pytest.raises(RuntimeError):
                await answer.events()
            answer.close()

    run(story())


def test_abort_is_told_even_when_all_has_arrived(run):
    async def story():
        async with loopback(always(OK)) as provider:
            answer = await provider.send()
            await asyncio.sleep(0.01)
            answer.abort(RuntimeError("the client left"))
            with pytest.raises(RuntimeError, match="the client left"):
                await answer.body()
            answer.close()
            assert await provider.ask() == b"ok"
            assert len(provider.peers) == 2

    run(story())


def test_abort_while_the_provider_waits_for_us_to_read(run):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(UNTIL_END)
        while True:
            await peer.say(b"x" * 65536)

    async def story():
        async with loopback(server) as provider:
            answer = await provider.send()
            await asyncio.sleep(0.1)
            answer.abort()
            with pytest.raises(ConnectionLost):
                await answer.body()
            answer.close()
            await provider.peers[0].gone()

    run(story())


@pytest.mark.parametrize("waiting", ["headers", "body"])
def test_whoever_is_cancelled_takes_the_connection_along(run, waiting):
    async def server(provider, peer):
        while await provider.asked(peer) is not None:
            if len(provider.requests) == 1:
                await peer.say(b"" if waiting == "headers" else HALF)
                await peer.gone()
                provider.gone.set()
                return
            await peer.say(OK)

    async def story():
        async with loopback(server) as provider:
            provider.gone = asyncio.Event()
            task = asyncio.create_task(provider.ask())
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await provider.gone.wait()
            assert await provider.ask() == b"ok"
            assert len(provider.peers) == 2

    run(story())


@pytest.mark.timeout(60)
def test_thousands_of_cancelled_requests_leave_no_trace(run):
    """At every stage: connecting, waiting for headers, for a body, and when it is all there."""
    open_peers = set()

    async def server(provider, peer):
        open_peers.add(peer)
        try:
            while (request := await provider.asked(peer)) is not None:
                provider.requests.clear()
                if request[1] == b"headers":
                    await peer.gone()
                    return
                await peer.say(HALF if request[1] == b"body" else OK)
        finally:
            open_peers.discard(peer)

    async def cancelled(provider, number):
        body = (b"headers", b"body", b"whole")[number % 3]
        task = asyncio.create_task(provider.ask(body=body))
        for _ in range(number % 11):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def story():
        async with loopback(server) as provider:
            for start in range(0, 5000, 100):
                await asyncio.gather(
                    *(cancelled(provider, number) for number in range(start, start + 100))
                )
            for _ in range(10):
                assert await provider.ask() == b"ok"
            answers = await asyncio.gather(*(provider.ask() for _ in range(10)))
            assert answers == [b"ok"] * 10
            idle = sum(map(len, provider.upstream._idle.values()))
            assert 10 <= idle <= 100
            while len(open_peers) > idle:  # until the provider has seen them all close
                await asyncio.sleep(0.01)
            assert len(asyncio.all_tasks()) <= idle + 2

    run(story())


# --- The credential ------------------------------------------------------------------------------

SECRET = "sk-provider-0123456789abcdef"


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("FIRST_KEY", "")
    monkeypatch.setenv("SECOND_KEY", SECRET)
    return {"credential_env": ("FIRST_KEY", "SECOND_KEY")}


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, f"Authorization: Bearer {SECRET}"),
        ({"auth_scheme": None}, f"Authorization: {SECRET}"),
        ({"auth_header": "api-key", "auth_scheme": None}, f"api-key: {SECRET}"),
        ({"auth_scheme": "Key"}, f"Authorization: Key {SECRET}"),
        ({"credential_env": ("FIRST_KEY",)}, "Authorization: Bearer none"),
        ({"extra_headers": {"X-Region": "eu"}}, "X-Region: eu"),
    ],
)
def test_the_credential_travels_in_its_header(run, secret, fields, line):
    async def story():
        async with loopback(always(OK)) as provider:
            await provider.ask(**(secret | fields))
            head, body = provider.requests[0]
            assert line in head.decode().split("\r\n")
            assert SECRET.encode() not in body

    run(story())


def shown(value, seen):
    """Its repr, and that of everything it holds."""
    if id(value) in seen:
        return ""
    seen[id(value)] = value
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    parts = [getattr(value, name, None) for name in names]
    parts += vars(value).values() if hasattr(value, "__dict__") else []
    inside = [part for part in parts if type(part).__module__.startswith("routing")]
    return repr(value) + "".join(shown(part, seen) for part in inside)


def test_the_credential_is_in_no_repr_and_no_error(run, secret):
    answers = [OK, HALF, b"rubbish\r\n\r\n", b""]

    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(answers[len(provider.requests) - 1])

    async def story():
        async with loopback(server) as provider:
            texts = []
            answer = await provider.send(**secret)
            await answer.body()
            texts.append(shown(answer, {}) + shown(provider.upstream, {}))
            texts.append(repr(vars(provider.upstream)) + repr(answer._connection))
            texts.append(repr(vars(answer._connection)))
            answer.abort()
            for _ in range(3):
                error = await lost(provider, **secret)
                texts += [repr(error), *traceback.format_exception(error)]
            assert all(SECRET not in text for text in texts)

    run(story())


@pytest.mark.parametrize("odd", ["sk-abcd\r\nX-Evil: 1", "sk-abcd\n", "sk-abcd\x7f\x00"])
def test_a_credential_that_is_no_header_is_not_sent(run, monkeypatch, odd):
    monkeypatch.setattr("os.environ", {"ODD_KEY": odd})

    async def story():
        async with loopback(always(OK)) as provider:
            failure = await lost(provider, credential_env=("ODD_KEY",))
            assert "sk-abcd" not in repr(failure) + "".join(traceback.format_exception(failure))
            assert provider.requests == []

    run(story())
