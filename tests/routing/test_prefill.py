"""A prefill that the provider says once more is dropped, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import chat_request

from routing.chunk import Chunk, Failure
from routing.reading.prefill import PrefillFilter, prefill_text

PREFILL = "I'm not sure, but my best guess is"


def answer(*texts, prefill=PREFILL, finish_reason="stop"):
    """The text that remains of an answer that came in these pieces."""
    reader = PrefillFilter(prefill)
    said = [each for text in texts for each in reader.feed(Chunk(text))]
    said += reader.feed(Chunk(finish_reason=finish_reason)) if finish_reason else []
    return "".join(each.text for each in [*said, *reader.finish()])


def test_a_continuation_stays_as_it_is():
    assert answer(" that I am", " a model.") == " that I am a model."


@pytest.mark.parametrize("lead", ["", " ", "\n\n"])
def test_a_repetition_is_dropped(lead):
    assert answer(f"{lead}{PREFILL} that", " I am.") == " that I am."


def test_a_partial_repetition_is_none():
    text = "I'm not sure, but my worst guess is"
    assert answer(*text) == text
    assert answer("I'm not", finish_reason="length") == "I'm not"
    assert answer("\n I'm not", finish_reason=None) == "\n I'm not"


def test_spaces_at_the_end_of_the_prefill_need_not_be_repeated():
    assert answer(f"{PREFILL} me", prefill=f"{PREFILL} ") == " me"


@pytest.mark.parametrize("prefill", ["", "I", "Sure, ", "{", "Yes. No."])
def test_a_short_prefill_may_be_what_the_answer_begins_with(prefill):
    assert answer(f"{prefill}{prefill} end", prefill=prefill) == f"{prefill}{prefill} end"


@pytest.mark.parametrize("prefill", ["I am a", "Understood."])
def test_three_words_or_twelve_characters_are_not_short(prefill):
    expected = "" if len(prefill.split()) == 3 else prefill
    assert answer(prefill, prefill=prefill) == expected


def test_only_the_first_repetition_goes():
    assert answer(PREFILL + PREFILL) == PREFILL


def test_everything_beside_the_text_passes():
    reader = PrefillFilter(PREFILL)
    reasoning = Chunk(delta={"reasoning": "Hm"})
    assert reader.feed(reasoning) == [reasoning]
    assert reader.feed(Chunk("I'm not")) == []
    failure = Failure(502, "gone")
    assert reader.feed(Chunk(failure=failure)) == [Chunk("I'm not", failure=failure)]


def test_an_answer_in_one_piece():
    reader = PrefillFilter(PREFILL)
    whole = Chunk(f"{PREFILL} me", finish_reason="stop", native_finish_reason="eos")
    assert reader.feed(whole) == [Chunk(" me", finish_reason="stop", native_finish_reason="eos")]
    other = Chunk("Me", finish_reason="stop", logprobs={"content": []})
    assert PrefillFilter(PREFILL).feed(other) == [other]


@given(st.text("I'm not sure, but\n", max_size=60), st.lists(st.integers(0, 60)))
def test_any_cut_gives_the_same(tail, places):
    prefill = "I'm not sure, but"
    for text in (tail, prefill + tail, f" {prefill}{tail}", prefill[:9] + tail):
        cuts = [0, *sorted(min(place, len(text)) for place in places), len(text)]
        pieces = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
        assert answer(*pieces, prefill=prefill) == answer(text, prefill=prefill)


def test_the_prefill_is_the_last_message():
    messages = ({"role": "user", "content": "Hi"}, {"role": "assistant", "content": PREFILL})
    assert prefill_text(chat_request(messages=messages, prefill=True)) == PREFILL
    assert prefill_text(chat_request(messages=messages)) == ""
    assert prefill_text(chat_request()) == ""
