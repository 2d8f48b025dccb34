"""Streams of lines, however they are cut. Server-sent events: test_sse.py."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.framing import FRAMINGS
from routing.sse import EVENT_BYTES_MAX, MalformedStream


def decoded(*pieces):
    decoder = FRAMINGS["lines"].decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.finish()


def cut(data, places):
    edges = [0, *sorted({place for place in places if place < len(data)}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


FRAGMENTS = [b'{"a": 1}', b"{", b"\n", b"\r\n", b"\r", b" ", b"\t", "é\u2028😀".encode(), b""]
STREAMS = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(b"".join) | st.binary(max_size=60)


@given(STREAMS, st.lists(st.integers(1, 200)))
@example(b'{"a": 1}\r\n{"b": 2}\r\n', [9, 10])
def test_cutting_the_bytes_elsewhere_changes_no_event(stream, places):
    whole = decoded(stream)
    assert decoded(*cut(stream, places)) == whole
    assert decoded(*cut(stream, range(1, len(stream)))) == whole


DOCUMENTS = st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=3)


@given(
    st.lists(DOCUMENTS, max_size=5),
    st.sampled_from([b"\n", b"\r\n", b"\n\n"]),
    st.booleans(),
    st.lists(st.integers(1, 300)),
)
def test_documents_arrive_whole_whatever_ends_their_lines(documents, end, is_ended, places):
    lines = [json.dumps(each, ensure_ascii=False).encode() for each in documents]
    stream = end.join(lines) + (end if is_ended else b"")
    assert [json.loads(event) for event in decoded(*cut(stream, places))] == documents


def test_a_line_is_there_as_soon_as_it_is_complete():
    decoder = FRAMINGS["lines"].decoder()
    assert decoder.feed(b'{"a"') == []
    assert decoder.feed(b": 1}\n{") == [b'{"a": 1}']
    assert decoder.finish() == [b"{"]
    assert decoder.finish() == []


def test_a_line_without_end_is_refused():
    decoder = FRAMINGS["lines"].decoder()
    with pytest.raises(MalformedStream):
        for _ in range(2 * EVENT_BYTES_MAX // 65536 + 1):
            decoder.feed(b"x" * 65536)
