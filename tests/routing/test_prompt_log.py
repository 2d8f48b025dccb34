"""Prompts on their way into the database: bounds, order, outages; and what an entry says."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from django.db import DataError, OperationalError
from routing_builders import chat_request

from billing.book import GenerationRow
from routing.prompt_log import PromptLog, answered

CANARY = "canary-4711"


def generation(id="gen-1"):
    return GenerationRow(id, 1, 1, datetime.now(UTC), "a/b")


class Shelf:
    """Where entries are stored; `failures` are raised first."""

    def __init__(self, *failures):
        self.entries = []
        self.failures = list(failures)

    def __call__(self, entries):
        if self.failures:
            raise self.failures.pop(0)
        self.entries += entries

    @property
    def ids(self):
        return [entry.generation_id for entry in self.entries]


def filled(log, number):
    for each in range(number):
        log.add(generation(f"gen-{each}"), chat_request(CANARY), {"answer": "yes"})


def test_entries_are_written_in_order_by_the_watch(run):
    shelf = Shelf()

    async def story():
        log = PromptLog(shelf)
        watch = asyncio.create_task(log.watch())
        filled(log, 250)
        while len(shelf.entries) < 250:
            await asyncio.sleep(0.001)
        watch.cancel()
        assert shelf.ids == [f"gen-{each}" for each in range(250)]
        assert log.dropped == 0

    run(story())


def test_what_goes_beyond_the_bounds_is_dropped_and_counted(run, caplog):
    async def story():
        shelf = Shelf()
        log = PromptLog(shelf, entries_max=3)
        with caplog.at_level(logging.WARNING):
            filled(log, 5)
        assert log.dropped == 2
        await log.flush()
        assert shelf.ids == ["gen-0", "gen-1", "gen-2"]
        filled(log, 1)
        assert log.dropped == 2

    run(story())
    assert "2 prompts were not kept" in caplog.text
    assert CANARY not in caplog.text


def test_long_prompts_count_by_their_size(run):
    async def story():
        shelf = Shelf()
        log = PromptLog(shelf, bytes_max=10_000)
        long = chat_request("x", text_bytes=6_000)
        log.add(generation("gen-1"), long, {"answer": ""})
        log.add(generation("gen-2"), long, {"answer": ""})
        log.add(generation("gen-3"), chat_request("x"), {"answer": "y" * 6_000})
        log.add(generation("gen-4"), chat_request("x"), {"answer": "y"})
        await log.flush()
        assert shelf.ids == ["gen-1", "gen-4"]
        log.add(generation("gen-5"), long, {"answer": ""})
        assert log.dropped == 2

    run(story())


def test_while_the_database_is_away_they_wait(run, caplog):
    async def story():
        shelf = Shelf(OperationalError(CANARY), OperationalError(CANARY))
        log = PromptLog(shelf)
        filled(log, 2)
        await log.flush()
        await log.flush()
        assert shelf.ids == []
        await log.flush()
        assert shelf.ids == ["gen-0", "gen-1"]
        assert log.dropped == 0

    run(story())
    assert caplog.text.count("cannot be kept right now") == 1
    assert CANARY not in caplog.text


@pytest.mark.parametrize("error", [ValueError(CANARY), DataError(CANARY)])
def test_what_cannot_be_written_at_all_is_dropped_without_a_word_of_it(run, caplog, error):
    async def story():
        shelf = Shelf(error)
        log = PromptLog(shelf)
        filled(log, 2)
        await log.flush()
        filled(log, 1)
        await log.flush()
        assert (shelf.ids, log.dropped) == (["gen-0"], 2)

    run(story())
    assert CANARY not in caplog.text


def test_an_entry_has_what_was_asked_but_no_pictures(run):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    linked = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    words = {"type": "text", "text": "What is this?"}
    messages = ({"role": "user", "content": [words, picture, linked]},)
    tools = [{"type": "function", "function": {"name": "look"}}]

    async def story():
        shelf = Shelf()
        log = PromptLog(shelf)
        seen = chat_request(
            messages=messages, image_count=2, has_tools=True, parameters={"tools": tools}
        )
        log.add(generation("gen-1"), seen, {"answer": "a cat"})
        bare = chat_request(messages=None, prompt="Once")
        log.add(generation("gen-2"), bare, {"answer": " upon"})
        await log.flush()
        return [entry.document for entry in shelf.entries]

    chat, completion = run(story())
    not_kept = {"type": "text", "text": "[a picture, image/png, that is not kept]"}
    assert chat["messages"] == [{"role": "user", "content": [words, not_kept, linked]}]
    assert (chat["tools"], chat["answer"]) == (tools, "a cat")
    assert completion == {"prompt": "Once", "answer": " upon"}


def test_an_answer_has_its_reasoning_and_its_tool_calls_put_together():
    deltas = [
        {"reasoning": "Let "},
        {"reasoning": "me see"},
        {"tool_calls": [{"index": 0, "function": {"name": "look", "arguments": '{"q": '}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Rome"}'}}]},
        {"tool_calls": [{"index": 1, "function": {"name": "go", "arguments": "{}"}}]},
    ]
    assert answered(["Ro", "me"], deltas) == {
        "answer": "Rome",
        "reasoning": "Let me see",
        "tool_calls": [
            {"name": "look", "arguments": '{"q": "Rome"}'},
            {"name": "go", "arguments": "{}"},
        ],
    }
    assert answered(["hi"], []) == {"answer": "hi"}
