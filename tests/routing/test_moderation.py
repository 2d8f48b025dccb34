"""Who judges a prompt: OpenAI where it is configured, else the embedded classifier."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from loopback_provider import always, loopback
from moderation_builders import BOMB, EMBEDDED, moderator, result, results, sent, talk
from routing_builders import chat_request

from catalog.snapshot import Catalog
from routing.data_policy import Wish
from routing.keyring import Keyring
from routing.moderation import CLEAN, Moderator, Verdict, segments
from routing.preferences import ProviderPreferences

# --- OpenAI --------------------------------------------------------------------------------------


def test_openai_is_asked_with_its_credential(run):
    async def story():
        async with loopback(always(results(result()))) as server:
            assert await moderator(server).check(talk(BOMB)) == CLEAN
            head, body = server.requests[0]
            assert head.startswith(b"POST /v1/moderations HTTP/1.1\r\n")
            assert b"\r\nAuthorization: Bearer sk-test-1234\r\n" in head
            assert orjson.loads(body) == {"model": "omni-moderation-latest", "input": [BOMB]}

    run(story())


def test_the_segment_and_its_reasons_are_told(run):
    async def story():
        found = (result("hate"), result(), result("violence", "self-harm"), result())
        async with loopback(always(results(*found))) as server:
            verdict = await moderator(server).check(talk("a", "b", "c", "d"))
            assert verdict == Verdict(True, ("hate", "violence", "self-harm"), "c")
            assert "flagged_text" not in repr(verdict)

    run(story())


def test_only_what_the_user_says_is_judged():
    parts = [
        {"type": "text", "text": "Look "},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "text", "text": "here"},
    ]
    assert segments(talk("a", " ", parts, "b")) == ["a", "Look here", "b"]
    assert segments(chat_request(messages=None, prompt="Once")) == ["Once"]
    assert segments(chat_request(messages=None, prompt=" ")) == []


def test_openai_is_given_the_end_and_the_embedded_classifier_the_rest(run):
    async def story():
        async with loopback(always(results(*[result()] * 16))) as server:
            asked = moderator(server)
            many = [f"message {n}" for n in range(30)]
            assert await asked.check(talk(*many)) == CLEAN
            assert sent(server)[-1] == many[-16:]
            assert await asked.check(talk(BOMB, *many)) == EMBEDDED
            assert sent(server)[-1] == many[-16:]
        async with loopback(always(results(result()))) as server:
            padding = "words " * 10_000
            assert await moderator(server).check(talk(BOMB + padding)) == EMBEDDED
            assert sent(server) == [[padding[-32_000:]]]

    run(story())


def test_nothing_said_is_nothing_asked(run):
    async def story():
        async with loopback(always(results())) as server:
            assert await moderator(server).check(talk(" ")) == CLEAN
            assert server.requests == []

    run(story())


# --- Who is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "fields", "is_asked"),
    [
        ("auto", {}, True),
        ("openai", {}, True),
        ("embedded", {}, False),
        ("off", {}, False),
        ("auto", {"credential_ids": ()}, False),
        ("openai", {"credential_ids": ()}, True),
        ("auto", {"served_at": None}, False),
        ("openai", {"served_at": None}, False),
    ],
)
def test_the_setting_decides(run, mode, fields, is_asked):
    async def story():
        async with loopback(always(results(result()))) as server:
            verdict = await moderator(server, mode, **fields).check(talk(BOMB))
            assert len(server.requests) == is_asked
            assert verdict == (CLEAN if is_asked or mode == "off" else EMBEDDED)

    run(story())


def test_without_the_provider_the_embedded_classifier_judges(run):
    empty = Catalog(1, {}, {})
    asked = Moderator(None, Keyring(dict), lambda: empty)
    assert run(asked.check(talk(BOMB))) == EMBEDDED


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="use one of auto, openai, embedded, off"):
        moderator(None, "strict")


@pytest.mark.parametrize(
    ("preferences", "fields", "is_asked"),
    [
        ({}, {"may_train": True, "retains_prompts": True}, True),
        ({"data_collection": "deny"}, {}, True),
        ({"data_collection": "deny"}, {"may_train": True}, False),
        ({"zdr": True}, {}, True),
        ({"zdr": True}, {"retains_prompts": True}, False),
        ({"ignore": ("OpenAI",)}, {}, False),
        ({"ignore": ("openai/x",)}, {}, False),
        ({"ignore": ("Together",)}, {}, True),
    ],
)
def test_openai_does_not_read_what_the_caller_keeps_from_it(run, preferences, fields, is_asked):
    async def story():
        async with loopback(always(results(result()))) as server:
            request = talk(BOMB, provider=ProviderPreferences(**preferences))
            verdict = await moderator(server, **fields).check(request)
            assert (verdict == CLEAN, len(server.requests)) == (is_asked, is_asked)

    run(story())


@pytest.mark.parametrize(
    ("policy", "fields", "is_asked"),
    [
        ({"allow_training": False}, {"may_train": True}, False),
        ({"allow_training": False}, {"retains_prompts": True}, True),
        ({"allow_retention": False}, {"retains_prompts": True}, False),
        ({"allow_retention": False}, {"may_train": True}, True),
        ({"ignored_providers": frozenset({"openai"})}, {}, False),
    ],
)
def test_openai_does_not_read_what_the_account_keeps_from_it(run, policy, fields, is_asked):
    async def story():
        async with loopback(always(results(result()))) as server:
            verdict = await moderator(server, **fields).check(talk(BOMB), Wish(**policy))
            assert (verdict == CLEAN, len(server.requests)) == (is_asked, is_asked)

    run(story())


# --- The embedded classifier ---------------------------------------------------------------------


def test_the_last_flagged_message_is_the_one_told(run):
    request = talk(BOMB, "Gays are vermin.", "Hello")
    verdict = run(moderator(None, "embedded").check(request))
    assert verdict == Verdict(True, ("hate",), "Gays are vermin.")


def test_a_long_prompt_is_judged_in_a_thread(run):
    async def story():
        for words, others_go_on in ((10, False), (10_000, True)):
            gone_on = []
            asyncio.get_running_loop().call_soon(gone_on.append, True)
            request = talk("words " * words + ". " + BOMB)
            assert await moderator(None, "embedded").check(request) == EMBEDDED
            assert bool(gone_on) == others_go_on
            await asyncio.sleep(0)

    run(story())
