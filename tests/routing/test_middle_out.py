"""Middle-out keeps what it promises, whatever is said (hypothesis)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from routing_builders import chat_request

from routing import tokens
from routing.request import ChatRequest
from routing.transforms import MARKER, PromptTooLong, middle_out

WORDS = st.lists(
    st.sampled_from(["the ", "senate ", "war\n", "  ", "🏛️", "元老院", "x" * 30, "{}", "\r\n\n"]),
    max_size=60,
).map("".join)


def said(role):
    return st.builds(lambda content: {"role": role, "content": content}, WORDS)


@st.composite
def tool_turn(draw):
    """A call and its results, as OpenAI's clients send them."""
    number = draw(st.integers(1, 3))
    salt = draw(st.uuids()).hex
    calls = [
        {
            "id": f"call_{salt}_{n}",
            "type": "function",
            "function": {"name": "look_up", "arguments": '{"q": "Rome"}'},
        }
        for n in range(number)
    ]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": draw(WORDS)} for call in calls
    ]
    return [{"role": "assistant", "content": None, "tool_calls": calls}, *results]


TURNS = st.one_of(
    said("user").map(lambda m: [m]), said("assistant").map(lambda m: [m]), tool_turn(),
    said("system").map(lambda m: [m]),
)  # fmt: skip
CONVERSATIONS = st.lists(TURNS, min_size=1, max_size=14).map(
    lambda turns: tuple(message for turn in turns for message in turn)
)


def conversation(messages, **fields):
    bytes_ = sum(len(str(m.get("content") or "").encode()) + 60 for m in messages)
    return chat_request(messages=messages, message_count=len(messages), text_bytes=bytes_, **fields)


def call_ids(messages):
    return [call["id"] for m in messages for call in m.get("tool_calls") or ()]


@settings(deadline=None, max_examples=150)
@given(CONVERSATIONS, st.integers(8, 600), st.none() | st.integers(1, 20))
def test_whatever_is_cut_the_rules_hold(messages, budget, most):
    request = conversation(messages)
    try:
        cut = middle_out(request, budget, messages_max=most)
    except PromptTooLong as refused:
        assert refused.needed_tokens > 0
        return
    kept = cut.messages
    assert tokens.count_request(cut) <= budget
    assert most is None or len(kept) <= most
    assert cut.message_count == len(kept)
    assert [m for m in kept if m["role"] == "system"] == [
        m for m in messages if m["role"] == "system"
    ]
    # A call and all of its results, or nothing of it.
    answered = [m["tool_call_id"] for m in kept if m["role"] == "tool"]
    assert sorted(call_ids(kept)) == sorted(answered)
    # What is left is in order, whole or with both of its ends.
    rest = iter(messages)
    for message in kept:
        assert any(_is_of(message, original) for original in rest)
    spoken = [m for m in messages if m["role"] != "system"]
    if spoken:
        assert _is_of([m for m in kept if m["role"] != "system"][-1], spoken[-1])


def _is_of(cut, original):
    if cut == original:
        return True
    if {**cut, "content": None} != {**original, "content": None}:
        return False
    if cut["content"] == MARKER.strip():
        return True
    head, _, tail = cut["content"].partition(MARKER)
    return original["content"].startswith(head) and original["content"].endswith(tail)


@settings(deadline=None, max_examples=60)
@given(CONVERSATIONS)
def test_what_fits_is_not_touched(messages):
    request = conversation(messages)
    counted = tokens.count_request(request)
    assert middle_out(request, counted) is request
    assert middle_out(request, counted, messages_max=len(messages)) is request


@settings(deadline=None, max_examples=100)
@given(st.lists(WORDS, min_size=1, max_size=40).map("".join), st.integers(40, 400))
def test_a_prompt_keeps_both_ends(text, budget):
    assume(text)
    request = ChatRequest(prompt=text, is_completion=True, text_bytes=len(text.encode()))
    cut = middle_out(request, budget)
    assert tokens.count_request(cut) <= budget
    if cut is not request:
        head, _, tail = cut.prompt.partition(MARKER)
        assert text.startswith(head) and text.endswith(tail)
        assert cut.text_bytes == len(cut.prompt.encode())


TURN = "The senate met on the hill and spoke of grain. " * 10


def talk(count):
    return tuple(
        {"role": ("user", "assistant")[n % 2], "content": f"{n}: {TURN}"} for n in range(count)
    )


def test_messages_go_from_the_middle_and_both_ends_stay():
    messages = ({"role": "system", "content": "You are Livy."}, *talk(40))
    kept = middle_out(conversation(messages), 1500).messages
    numbers = [int(m["content"].split(":")[0]) for m in kept[1:] if MARKER not in m["content"]]
    gap = max(b - a for a, b in zip(numbers, numbers[1:], strict=False))
    assert numbers[0] == 0 and numbers[-1] == 39
    assert gap > 20
    assert len(numbers) >= 9
    # One gap only.
    assert sum(b - a > 1 for a, b in zip(numbers, numbers[1:], strict=False)) == 1


def test_room_that_is_left_over_is_used_by_a_part_of_the_next_message():
    messages = ({"role": "user", "content": TURN * 20}, {"role": "user", "content": "And now?"})
    kept = middle_out(conversation(messages), 500).messages
    assert len(kept) == 2 and MARKER in kept[0]["content"]
    assert tokens.count_request(conversation(kept)) > 400


def test_a_single_message_is_cut_in_its_own_middle():
    (kept,) = middle_out(
        conversation(({"role": "user", "content": f"first {TURN * 50} last"},)), 300
    ).messages
    assert kept["content"].startswith("first") and kept["content"].endswith("last")


def test_arguments_of_a_call_are_never_cut():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": f'"{TURN * 5}"'}}
    messages = (
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": TURN},
    )
    with pytest.raises(PromptTooLong):
        middle_out(conversation(messages), 300)
    kept = middle_out(conversation(messages), 610).messages
    assert kept[0] == messages[0] and MARKER in kept[1]["content"]


def test_a_system_prompt_that_is_too_long_is_refused():
    messages = ({"role": "system", "content": TURN * 20}, {"role": "user", "content": "hi"})
    with pytest.raises(PromptTooLong) as refused:
        middle_out(conversation(messages), 300)
    assert refused.value.needed_tokens > 300


def test_tools_and_schemas_count():
    tools = [{"type": "function", "function": {"name": "f", "description": TURN * 5}}]
    request = conversation(talk(10), parameters={"tools": tools})
    cut = middle_out(request, 1200)
    assert tokens.count_request(cut) <= 1200 and cut.parameters == {"tools": tools}


def test_pictures_count_and_go_with_their_message():
    picture = {
        "role": "user",
        "content": [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "x"}},
        ],
    }
    messages = (*talk(3), picture, *talk(3))
    request = conversation(messages, image_count=1)
    cut = middle_out(request, 500)
    assert cut.image_count == 0 and picture not in cut.messages
    assert middle_out(request, 100_000).image_count == 1


def test_the_answer_that_was_begun_stays_the_last():
    messages = (*talk(20), {"role": "assistant", "content": "Once upon"})
    cut = middle_out(conversation(messages, prefill=True), 600)
    assert cut.prefill and cut.messages[-1] == messages[-1]


def test_the_number_of_messages_is_kept_too():
    cut = middle_out(conversation(talk(30)), 100_000, messages_max=10)
    assert cut.message_count == 10


def test_megabytes_are_cut_without_counting_them_all():
    text = "word " * 600_000
    cut = middle_out(ChatRequest(prompt=text, text_bytes=len(text)), 1000)
    assert 800 < tokens.count_request(cut) <= 1000
