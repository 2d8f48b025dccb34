"""GPT-4 tokens against counts that others published; bounds for whatever text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import chat_request

from routing.request import ChatRequest
from routing.tokens import PER_ANSWER, PER_IMAGE, PER_MESSAGE, ceiling, count, count_request

# Published: tiktoken's README and tests, and the OpenAI cookbook "How to count tokens" (cl100k).
PUBLISHED = {
    "hello world": 2,
    "tiktoken is great!": 6,
    "antidisestablishmentarianism": 6,
    "2 + 2 = 4": 7,
    "お誕生日おめでとう": 9,
    "rer": 1,
    "'rer": 2,
    "today\n ": 3,
    "today\n \n": 2,
    "today\n  \n": 2,
    "": 0,
}

# The cookbook's example conversation: gpt-4 reports 129 prompt tokens for it.
COOKBOOK = [
    ("system", "", "You are a helpful, pattern-following assistant that translates corporate jargon"
     " into plain English."),
    ("system", "example_user", "New synergies will help drive top-line growth."),
    ("system", "example_assistant", "Things working well together will increase revenue."),
    ("system", "example_user", "Let's circle back when we have more bandwidth to touch base on"
     " opportunities for increased leverage."),
    ("system", "example_assistant", "Let's talk later when we're less busy about how to do"
     " better."),
    ("user", "", "This late pivot means we don't have time to boil the ocean for the client"
     " deliverable."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tokens"), PUBLISHED.items())
def test_published_counts(text, tokens):
    assert count(text) == tokens


def test_published_count_of_a_conversation():
    messages = tuple(
        {"role": role, "content": content, **({"name": name} if name else {})}
        for role, name, content in COOKBOOK
    )
    counted = count_request(chat_request(messages=messages, message_count=len(messages)))
    assert abs(counted - 129) <= len(messages)  # we join the texts; roles are in the wrapping


@pytest.mark.parametrize("text", ["<|endoftext|>", "<|im_start|>", "<|fim_prefix|>"])
def test_special_tokens_count_as_the_text_they_look_like(text):
    assert count(text) > 3
    assert count(f"a{text}b") > 4


@given(st.text())
def test_text_has_at_most_as_many_tokens_as_bytes(text):
    assert count(text) <= len(text.encode())
    assert (count(text) == 0) == (text == "")


@pytest.mark.parametrize("piece", ["a", " ", "^", "\n", "\r\n", "é", "😀", "1", "\x00", "<|"])
def test_monotonous_text_is_counted_in_reasonable_time(piece):
    """The timeout of the test run is the bound: some tokenizers take quadratic time here."""
    assert 0 < count(piece * 200_000) <= len(piece.encode()) * 200_000


@given(st.lists(st.text(max_size=50), min_size=1, max_size=5))
def test_hold_covers_more_than_was_counted(texts):
    messages = tuple({"role": "user", "content": text} for text in texts)
    request = chat_request(messages=messages, message_count=len(messages))
    counted = count_request(request)
    assert counted >= PER_MESSAGE * len(texts) + PER_ANSWER
    assert ceiling(request, counted) >= counted * 5 / 4 + 16 * len(texts)


def test_everything_that_reaches_the_provider_is_counted():
    plain = count_request(chat_request("What is this?"))
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    assert count_request(chat_request(parts, image_count=1)) == plain + PER_IMAGE
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"a":1}'}}
    answer = {"role": "assistant", "content": None, "tool_calls": [call]}
    question = {"role": "user", "content": "What is this?"}
    assert count_request(chat_request(messages=(question, answer))) > plain + PER_MESSAGE
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    with_tools = chat_request("What is this?", parameters={"tools": tools}, has_tools=True)
    assert count_request(with_tools) > plain
    named = chat_request(messages=({**question, "name": "alice"},))
    assert count_request(named) > plain


def test_a_raw_prompt_has_no_wrapping():
    assert count_request(ChatRequest(prompt="hello world", is_completion=True)) == 2
