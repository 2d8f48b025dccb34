from __future__ import annotations

from routing.chunk import Chunk
from routing.reading.first_call import FirstCall


def call(index, **function):
    return {"index": index, "function": function}


def test_of_several_calls_the_first_passes():
    both = Chunk(delta={"tool_calls": [call(0, name="a"), call(1, name="b")]})
    assert FirstCall().feed(both) == [Chunk(delta={"tool_calls": [call(0, name="a")]})]


def test_pieces_of_other_calls_say_nothing():
    assert FirstCall().feed(Chunk(delta={"tool_calls": [call(1, arguments="{}")]})) == []


def test_what_stands_beside_another_call_stays():
    last = Chunk("x", {"tool_calls": [call(1)], "reasoning": "r"}, "tool_calls", "tool_use")
    assert FirstCall().feed(last) == [Chunk("x", {"reasoning": "r"}, "tool_calls", "tool_use")]


def test_text_and_first_calls_are_the_same_chunks():
    for chunk in (Chunk("hi"), Chunk(delta={"tool_calls": [call(0, arguments="{")]})):
        assert FirstCall().feed(chunk)[0] is chunk
    assert FirstCall().finish() == []
