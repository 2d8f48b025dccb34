"""Server-sent events from bytes, however they are cut."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.sse import COMMENT, DONE, EVENT_BYTES_MAX, Decoder, MalformedStream, frame

BOM = b"\xef\xbb\xbf"
MIB = 1024 * 1024


def decoded(*pieces):
    decoder = Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.finish()


def cut(data, places):
    edges = [0, *sorted({place for place in places if place < len(data)}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


FRAGMENTS = [
    b"data: one", b"data:two", b"data:  spaces", b"data", b"data:", b": comment", b"event: error",
    b"id: 7", b"retry: 10", b"\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n", b"\r\r", BOM, b"\xef",
    b"\xbb\xbf", b"\xbf", "data: é\u2028\x85\x0b中😀".encode(), b"", b"\x00", b":",
]  # fmt: skip
STREAMS = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(b"".join) | st.binary(max_size=60)


@given(STREAMS, st.lists(st.integers(1, 200)))
@example(b"\n" + BOM + b"data: x\n\n", [1])
@example(BOM + b"data: x\n\n", [1, 2])
@example(b"data: x\r\n\r\ndata: y\r\n\r\n", [8, 9, 10, 11])
def test_cutting_the_bytes_elsewhere_changes_no_event(stream, places):
    whole = decoded(stream)
    assert decoded(*cut(stream, places)) == whole
    assert decoded(*cut(stream, range(1, len(stream)))) == whole


DOCUMENTS = st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=3)


@given(
    st.lists(DOCUMENTS, max_size=5),
    st.sampled_from([b"\n", b"\r", b"\r\n"]),
    st.lists(st.integers(1, 300)),
)
def test_documents_arrive_whole_whatever_ends_their_lines(documents, end, places):
    stream = b"".join(
        b"data: " + json.dumps(each, ensure_ascii=False).encode() + end + end for each in documents
    )
    assert [json.loads(event) for event in decoded(*cut(stream, places))] == documents


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data: a\r\ndata:\r\ndata: b\r\n\r\n", [b"a\n\nb"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"event: x\nid: 1\nretry: 5\nother: 1\ndata: a\n\n", [b"a"]),
        (b": comment\n\n: another\n\ndata: a\n\n", [b"a"]),
        (b"data: a\n: comment inside\ndata: b\n\n", [b"a\nb"]),
        (b"\n\n\n\n", []),
        (b"event: alone\n\n", []),
        (BOM + b"data: a\n\n", [b"a"]),
        (BOM + BOM + b"data: a\n\n", []),
        (b"database: a\n\n", []),
        (b"", []),
    ],
)
def test_lines_mean_what_the_standard_says(stream, events):
    assert decoded(stream) == events


def test_characters_that_only_look_like_line_ends_stay_in_the_text():
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    assert decoded(frame(text.encode())) == [text.encode()]


def test_utf8_may_be_cut_inside_a_character():
    stream = "data: 😀é中\n\n".encode()
    assert decoded(*cut(stream, range(1, len(stream)))) == ["😀é中".encode()]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r", b"\r\n", b"\n\n"])
def test_last_event_needs_no_blank_line(ending):
    assert decoded(b"data: a\n\ndata: [DONE]" + ending) == [b"a", b"[DONE]"]


def test_an_event_is_there_as_soon_as_it_is_complete():
    decoder = Decoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\ndata: b") == [b"a"]
    assert decoder.feed(b"\r") == []
    assert decoder.feed(b"\n\r") == [b"b"]
    assert decoder.feed(b"\ndata: c\n\n") == [b"c"]
    assert decoder.finish() == decoder.finish() == []


def test_names_stand_before_the_data_where_they_are_wanted():
    decoder = Decoder(named=True)
    stream = b"event: output\nid: 1\ndata: Hel\n\nevent:done\ndata: {}\n\ndata: x\n\n"
    assert decoder.feed(stream) == [b"output\nHel", b"done\n{}", b"\nx"]
    assert Decoder().feed(stream) == [b"Hel", b"{}", b"x"]


def test_what_we_send_can_be_read_back():
    assert decoded(COMMENT, frame(b"{}"), COMMENT, DONE) == [b"{}", b"[DONE]"]


def test_large_events_are_fine_up_to_the_limit():
    line = b"x" * (EVENT_BYTES_MAX - len(b"data: "))
    for _ in range(3):
        assert decoded(frame(line), frame(line)) == [line, line]


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"x" * 65536, id="one line"),
        pytest.param(b"event: " + b"x" * 65536, id="one line that names an event"),
        pytest.param(b"data: " + b"x" * 1000 + b"\n", id="many lines"),
        pytest.param(b"data:\n" * 10_000, id="many empty lines"),
        pytest.param(b"data\r\ndata: y\r\n: z\r\n" * 1000, id="lines and comments"),
    ],
)
@pytest.mark.parametrize("start", [b"data: ", b"event: ", b": "])
def test_an_event_without_end_is_refused(piece, start):
    decoder = Decoder()
    decoder.feed(start)
    with pytest.raises(MalformedStream):
        for _ in range(16 * MIB // len(piece)):
            decoder.feed(piece)


def test_an_event_that_is_too_large_is_refused_in_one_piece_too():
    for stream in (frame(b"x" * (EVENT_BYTES_MAX + 1)), b"data: xxxxxxxx\n" * 80_000 + b"\n"):
        with pytest.raises(MalformedStream):
            Decoder().feed(stream)


def test_many_events_are_not_one_large_event():
    decoder = Decoder()
    stream = frame(b"x" * 1000) * 100
    assert sum(len(decoder.feed(stream)) for _ in range(100)) == 10_000
    for _ in range(300):
        assert decoder.feed(b": comment\nid: 1\n" * 1000) == []
