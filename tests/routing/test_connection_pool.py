"""Connections that are kept: whose answer is whose, and which are not used again."""

from __future__ import annotations

import asyncio

import pytest
from loopback_provider import OK, always, chunked, loopback

from routing.connection import ConnectionLost

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_connection_is_used_again(run):
    async def story():
        async with loopback(always(OK)) as provider:
            for _ in range(20):
                assert await provider.ask() == b"ok"
            assert len(provider.peers) == 1

    run(story())


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\nConnection: close", b"HTTP/1.0 200 OK"])
def test_a_connection_that_will_close_is_not_used_again(run, line):
    wire = line + b"\r\nContent-Length: 2\r\n\r\nok"

    async def story():
        async with loopback(always(wire)) as provider:
            for _ in range(3):
                assert await provider.ask() == b"ok"
            assert len(provider.peers) == 3

    run(story())


def test_requests_at_the_same_time_have_connections_of_their_own(run):
    async def server(provider, peer):
        while (request := await provider.asked(peer)) is not None:
            await asyncio.sleep(0.001)
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + request[1])

    async def one(provider, number):
        body = b"%08d" % number
        assert await provider.ask(body=body) == body

    async def story():
        async with loopback(server) as provider:
            for _ in range(5):
                await asyncio.gather(*(one(provider, number) for number in range(50)))
            assert len(provider.peers) == 50

    run(story())


def test_an_answer_that_was_not_read_to_its_end_costs_its_connection(run):
    async def story():
        async with loopback(always(CHUNKED + b"2\r\nok\r\n")) as provider:
            answer = await provider.send()
            assert await answer.events() == []
            answer.close()
            answer = await provider.send()
            assert await answer.events() == []
            answer.close()
            assert len(provider.peers) == 2

    run(story())


def test_what_is_done_to_an_answer_after_its_end_touches_nobody_else(run):
    """Its connection is somebody else's by then."""

    async def server(provider, peer):
        while (request := await provider.asked(peer)) is not None:
            await asyncio.sleep(0.01)
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + request[1])

    async def story():
        async with loopback(server) as provider:
            first = await provider.send(body=b"alice")
            assert await first.body() == b"alice"
            first.close()
            first.close()
            others = [asyncio.create_task(provider.ask(body=body)) for body in (b"bobby", b"carol")]
            await asyncio.sleep(0.002)
            first.abort(RuntimeError("not theirs"))
            first.close()
            assert await asyncio.gather(*others) == [b"bobby", b"carol"]

    run(story())


def test_a_stale_connection_is_replaced_by_a_new_one(run):
    """The provider closes it at the moment our second request arrives."""

    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(OK)
        if len(provider.peers) == 1:
            await provider.asked(peer)
            peer.reset()
        else:
            await peer.gone()

    async def story():
        async with loopback(server) as provider:
            assert await provider.ask(body=b"1") == b"ok"
            assert await provider.ask(body=b"2") == b"ok"
            assert [body for _, body in provider.requests] == [b"1", b"2", b"2"]

    run(story())


def test_a_request_is_repeated_only_once(run):
    async def server(provider, peer):
        await provider.asked(peer)
        if len(provider.peers) == 1:
            await peer.say(OK)
            await provider.asked(peer)

    async def story():
        async with loopback(server) as provider:
            await provider.ask(body=b"1")
            with pytest.raises(ConnectionLost):
                await provider.ask(body=b"2")
            assert [body for _, body in provider.requests] == [b"1", b"2", b"2"]

    run(story())


def test_a_request_is_not_repeated_once_an_answer_began(run):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(OK)
        await provider.asked(peer)
        await peer.say(b"HTTP/1.1 2")
        peer.reset()

    async def story():
        async with loopback(server) as provider:
            await provider.ask()
            with pytest.raises(ConnectionLost) as lost:
                await provider.ask()
            assert not lost.value.untouched
            assert len(provider.requests) == 2

    run(story())


def test_a_connection_that_talks_by_itself_is_not_used_again(run):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(OK)
        if len(provider.peers) == 1:
            await asyncio.sleep(0.01)
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await peer.gone()

    async def story():
        async with loopback(server) as provider:
            assert await provider.ask() == b"ok"
            await asyncio.sleep(0.1)
            assert await provider.ask() == b"ok"
            assert len(provider.peers) == 2

    run(story())


SECOND = b"HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 4\r\n\r\nevil"


@pytest.mark.parametrize("more", [SECOND, SECOND[:30], b"garbage", b"\x00"])
@pytest.mark.parametrize("first", [OK, CHUNKED + chunked(b"ok")])
def test_what_follows_an_answer_in_the_same_bytes_is_not_part_of_it(run, first, more):
    async def story():
        async with loopback(always(first + more)) as provider:
            for _ in range(2):
                answer = await provider.send()
                await asyncio.sleep(0.01)
                assert (answer.status, await answer.body()) == (200, b"ok")
                answer.close()
            assert len(provider.peers) == 2

    run(story())


def test_what_follows_an_answer_before_it_was_read_does_not_cut_it(run):
    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(OK)
        await asyncio.sleep(0.01)
        await peer.say(b"more")
        await peer.gone()

    async def story():
        async with loopback(server) as provider:
            answer = await provider.send()
            await asyncio.sleep(0.1)
            assert await answer.body() == b"ok"
            answer.close()

    run(story())
