"""AWS's binary event stream. Pure: bytes in, events out, wherever the bytes are cut.

A message is a prelude (its length, the length of its headers, the checksum of both), headers, a
payload, and the checksum of all before it, every number big-endian (AWS, Amazon Transcribe
developer guide, "Event stream encoding"). Of the headers only the names of what came matter here.
"""

from __future__ import annotations

from binascii import crc32
from struct import Struct, error

from routing.sse import EVENT_BYTES_MAX, MalformedStream

_PRELUDE = Struct("!III")
_CHECKSUM = Struct("!I")
_LENGTH = Struct("!H")
_BYTES_MIN = _PRELUDE.size + _CHECKSUM.size
# The sizes of values by their type: true, false, byte, short, integer, long, ..., timestamp, uuid.
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES, _TEXT = 6, 7


class Decoder:
    """Each message becomes its name, a line end, and its payload.

    An event's name is its type; `exception <type>` and `error <code>` stand for what ends a stream.
    """

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Events that are complete now; raises MalformedStream."""
        data = self._data + data
        events, at = [], 0
        while (size := _size(data, at)) is not None and at + size <= len(data):
            events.append(_event(data[at : at + size]))
            at += size
        self._data = data[at:]
        return events

    def finish(self) -> list[bytes]:
        """The stream ended. Part of a message is no message."""
        self._data = b""
        return []


def _size(data: bytes, at: int) -> int | None:
    """Bytes of the message that begins here, once its prelude has come."""
    if len(data) - at < _PRELUDE.size:
        return None
    size, headers_size, checksum = _PRELUDE.unpack_from(data, at)
    if crc32(data[at : at + 8]) != checksum:
        raise MalformedStream
    if not _BYTES_MIN + headers_size <= size <= EVENT_BYTES_MAX:
        raise MalformedStream
    return int(size)


def _event(message: bytes) -> bytes:
    end = len(message) - _CHECKSUM.size
    if (crc32(message[:end]),) != _CHECKSUM.unpack_from(message, end):
        raise MalformedStream
    headers_end = _PRELUDE.size + _PRELUDE.unpack_from(message)[1]
    try:
        headers = _headers(message[_PRELUDE.size : headers_end])
    except (IndexError, KeyError, error):
        raise MalformedStream from None
    kind = headers.get(b":message-type")
    if kind == b"error":
        # It has no payload: its words are a header.
        text = headers.get(b":error-message", b"")
        return b"error %b\n%b" % (headers.get(b":error-code", b""), text)
    name = headers.get(b":event-type", b"")
    if kind == b"exception":
        name = b"exception " + headers.get(b":exception-type", b"")
    return name + b"\n" + message[headers_end:end]


def _headers(data: bytes) -> dict[bytes, bytes]:
    """Those that are texts."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        name = data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
        kind = data[at]
        at += 1
        if kind in (_BYTES, _TEXT):
            size = _LENGTH.unpack_from(data, at)[0]
            at += _LENGTH.size
        else:
            size = _SIZES[kind]
        if at + size > len(data):
            raise IndexError("a header ends after the headers")
        if kind == _TEXT:
            found[name] = data[at : at + size]
        at += size
    return found
