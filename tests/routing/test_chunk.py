from __future__ import annotations

from routing.chunk import Chunk, joined


def call(index, **function):
    return {"index": index, "id": f"call_{index}", "type": "function", "function": function}


def test_one_chunk_is_the_answer_as_it_is():
    chunk = Chunk("hi", {"tool_calls": [call(0, name="f", arguments="{}")]}, "stop", "eos")
    assert joined([chunk]) is chunk


def test_texts_are_put_together_and_the_end_is_the_ends():
    whole = joined([Chunk("Hel"), Chunk("lo"), Chunk("", None, "length", "max_tokens")])
    assert whole == Chunk("Hello", None, "length", "max_tokens")


def test_pieces_of_tool_calls_find_their_call_by_its_index():
    whole = joined(
        [
            Chunk(delta={"tool_calls": [call(0, name="f", arguments="")]}),
            Chunk(delta={"tool_calls": [call(1, name="g", arguments='{"b"')]}),
            Chunk(delta={"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
            Chunk(delta={"tool_calls": [{"index": 1, "function": {"arguments": ": 2}"}}]}),
            Chunk(finish_reason="tool_calls", native_finish_reason="stop"),
        ]
    )
    assert whole.delta == {
        "tool_calls": [call(0, name="f", arguments="{}"), call(1, name="g", arguments='{"b": 2}')]
    }
    assert (whole.text, whole.finish_reason) == ("", "tool_calls")


def test_reasoning_and_its_details_are_put_together():
    whole = joined(
        [
            Chunk(delta={"reasoning": "I ", "reasoning_details": [{"a": 1}]}),
            Chunk(delta={"reasoning": "think", "reasoning_details": [{"b": 2}]}),
        ]
    )
    assert whole.delta == {"reasoning": "I think", "reasoning_details": [{"a": 1}, {"b": 2}]}
