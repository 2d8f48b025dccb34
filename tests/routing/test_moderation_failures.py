"""When OpenAI gives no verdict: the embedded classifier gives one, and nobody waits for long."""

from __future__ import annotations

import asyncio
import logging

import pytest
from loopback_provider import loopback
from moderation_builders import BOMB, EMBEDDED, KEY, Clock, moderator, ok, result, results, talk


@pytest.mark.parametrize(
    "answer",
    [
        ok({"error": {"message": "no"}}, "401 Unauthorized"),
        ok({"error": {"message": "no"}}, "429 Too Many Requests"),
        ok(b"", "503 Service Unavailable"),
        ok(b"<html>"),
        ok([]),
        ok({}),
        ok({"results": []}),
        ok({"results": [result(), result()]}),
        ok({"results": [5]}),
        ok({"results": [{"flagged": True}]}),
        ok({"results": [{"flagged": True, "categories": [1]}]}),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_the_embedded_classifier_judges_in_its_place(run, caplog, answer):
    async def once(server, peer):
        await server.asked(peer)
        await peer.say(answer)

    async def story():
        async with loopback(once) as server:
            with caplog.at_level(logging.WARNING, "routing.moderation"):
                assert await moderator(server).check(talk(BOMB)) == EMBEDDED
            assert len(caplog.records) == 1
            assert KEY.secret not in caplog.text and BOMB not in caplog.text

    run(story())


def test_a_slow_openai_is_not_waited_for(run):
    async def silent(server, peer):
        await server.asked(peer)
        await peer.gone()

    async def story():
        async with loopback(silent) as server:
            assert await moderator(server, timeout_s=0.1).check(talk(BOMB)) == EMBEDDED

    run(story())


def test_an_outage_is_told_once_and_openai_left_alone_for_a_while(run, caplog):
    async def story():
        answers = [ok(b"", "500 No")] * 2 + [results(result())] + [ok(b"", "500 No")]
        async with loopback(always_next(answers)) as server:
            clock = Clock()
            asked = moderator(server, clock=clock)
            with caplog.at_level(logging.WARNING, "routing.moderation"):
                for waited_s, requests, told in (
                    (0, 1, 1), (0, 1, 1), (29, 1, 1), (2, 2, 1), (31, 3, 1), (0, 4, 2),
                ):  # fmt: skip
                    clock.now_s += waited_s
                    await asked.check(talk("Hello"))
                    assert (len(server.requests), len(caplog.records)) == (requests, told)

    run(story())


def always_next(answers):
    left = list(answers)

    async def story(server, peer):
        while await server.asked(peer) is not None:
            await peer.say(left.pop(0))

    return story


def test_a_caller_who_leaves_stops_the_question(run):
    async def silent(server, peer):
        await server.asked(peer)
        await peer.gone()

    async def story():
        async with loopback(silent) as server:
            asked = moderator(server)
            task = asyncio.create_task(asked.check(talk("Hello")))
            while not server.requests:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(story())
