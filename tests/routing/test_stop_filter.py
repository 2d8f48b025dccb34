"""Stops that a provider says are cut off, however its words are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routing.chunk import Chunk
from routing.reading.stop_filter import StopFilter


def read(pieces, *stops, ends=True):
    stop_filter = StopFilter(stops)
    chunks = [Chunk(piece) for piece in pieces]
    if ends:
        chunks.append(Chunk(finish_reason="stop"))
    handed = [given for chunk in chunks for given in stop_filter.feed(chunk)]
    return handed + stop_filter.finish()


def text_of(chunks):
    return "".join(chunk.text for chunk in chunks)


def test_a_stop_is_cut_wherever_it_is_split():
    assert text_of(read(["one ", "tw", "o three"], "two")) == "one "
    assert text_of(read(["one two"], "two")) == "one "
    assert text_of(read(["a", "a", "b", "c"], "aab", "zz")) == ""


def test_the_first_stop_in_the_text_counts():
    assert text_of(read(["one two three"], "three", "two")) == "one "


def test_what_only_looks_like_one_is_said():
    assert text_of(read(["one tw", "enty"], "two")) == "one twenty"
    assert text_of(read(["one tw"], "two")) == "one tw"
    assert text_of(read(["one tw"], "two", ends=False)) == "one tw"


def test_nothing_is_held_back_without_need():
    first, *_ = read(["hello", " two"], "two")
    assert first.text == "hello"


def test_the_end_is_told_also_where_it_has_no_words():
    chunks = read(["two"], "two")
    assert [(chunk.text, chunk.finish_reason) for chunk in chunks] == [("", "stop")]


def test_without_stops_chunks_pass_as_they_are():
    chunk = Chunk("hello", logprobs={"content": []})
    assert StopFilter([]).feed(chunk) == [chunk]


@given(st.text("ab"), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3), st.data())
def test_any_cut_of_the_same_text_gives_the_same(text, stops, data):
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    cuts = [0, *places, len(text)]
    pieces = [text[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]
    assert text_of(read(pieces, *stops)) == text_of(read([text], *stops))
