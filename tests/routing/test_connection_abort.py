"""Requests that end before their answers: aborted, or cancelled."""

from __future__ import annotations

import asyncio

import pytest
from loopback_provider import OK, Loopback, always, loopback

from routing.connection import ConnectionLost

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"


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
