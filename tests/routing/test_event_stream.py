"""AWS's binary event stream: messages whole, messages in pieces, messages that are none."""

from __future__ import annotations

import contextlib
import struct
from binascii import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from routing.formats.event_stream import Decoder
from routing.sse import EVENT_BYTES_MAX, MalformedStream

EVENT = {":event-type": "contentBlockDelta", ":message-type": "event"}


def text(value):
    raw = value.encode()
    return b"\x07" + struct.pack("!H", len(raw)) + raw


def message(headers, payload=b"", raw_headers=None):
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + text(value)
        for name, value in headers.items()
    )
    head += raw_headers or b""
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    data = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return data + struct.pack("!I", crc32(data))


def decoded(data, *cuts):
    decoder = Decoder()
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [*events, *decoder.finish()]


def test_an_event_is_its_type_and_its_payload():
    assert decoded(message(EVENT, b'{"a":1}')) == [b'contentBlockDelta\n{"a":1}']


def test_what_ends_a_stream_is_told_apart():
    exception = {":message-type": "exception", ":exception-type": "throttlingException"}
    error = {":message-type": "error", ":error-code": "Bad", ":error-message": "no more"}
    data = message(exception, b"{}") + message(error)
    assert decoded(data) == [b"exception throttlingException\n{}", b"error Bad\nno more"]


def test_headers_of_every_type_are_passed_over():
    others = [
        b"\x00", b"\x01", b"\x02\xff", b"\x03ab", b"\x04abcd", b"\x05abcdefgh",
        b"\x06\x00\x02ab", b"\x08abcdefgh", b"\x09" + bytes(16),
    ]  # fmt: skip
    raw = b"".join(b"\x01" + bytes([97 + at]) + other for at, other in enumerate(others))
    data = message(EVENT, b"x", raw)
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    assert len(next(buffer).headers) == 2 + len(others)
    assert decoded(data) == [b"contentBlockDelta\nx"]


def test_half_a_message_is_none():
    assert decoded(message(EVENT, b"one") + message(EVENT, b"two")[:-1]) == [
        b"contentBlockDelta\none"
    ]


def changed(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def sized(size, headers_size=0):
    prelude = struct.pack("!II", size, headers_size)
    return prelude + struct.pack("!I", crc32(prelude))


GOOD = message(EVENT, b"payload")


@pytest.mark.parametrize(
    "data",
    [
        changed(GOOD, 0), changed(GOOD, 9), changed(GOOD, 20),
        changed(GOOD, len(GOOD) - 6), changed(GOOD, len(GOOD) - 1),
        sized(15), sized(40, 30), sized(EVENT_BYTES_MAX + 1), sized(2**32 - 1),
        message({}, b"", b"\x01a\x0a"), message({}, b"", b"\x01a\x07\x00\x09a"),
        message({}, b"", b"\x09a"), message({}, b"", b"\x01a"), message({}, b"", b"\x01a\x07\x00"),
        b"HTTP/1.1 200 OK and so on",
    ],
)  # fmt: skip
def test_rubbish_is_refused(data):
    with pytest.raises(MalformedStream):
        Decoder().feed(data)


HEADERS = st.dictionaries(
    st.sampled_from([":event-type", ":message-type", ":content-type", ":exception-type", "x"]),
    st.text(max_size=20),
)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=6), st.data())
def test_however_the_bytes_are_cut_the_events_are_the_same(messages, data):
    raw = b"".join(message(headers, payload) for headers, payload in messages)
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=20))
    whole = decoded(raw)
    assert len(whole) == len(messages)
    assert decoded(raw, *cuts) == whole
    assert all(
        event.endswith(payload)
        for event, (headers, payload) in zip(whole, messages, strict=True)
        if headers.get(":message-type") != "error"
    )


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw):
    with contextlib.suppress(MalformedStream):
        decoded(raw, len(raw) // 2)
