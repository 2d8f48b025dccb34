"""Server-sent events, both ways. Pure: bytes in, events out.

Lines end with LF, CR or CRLF and nothing else (WHATWG HTML, section 9.2): JSON may hold U+2028,
U+0085 or vertical tabs, at which `splitlines` would break. Bytes may be cut anywhere.
"""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"
EVENT_BYTES_MAX = 1024 * 1024
PENDING_BYTES_MAX = 8 * 1024 * 1024


class MalformedStream(Exception):
    """An event is larger than any answer needs."""


class Decoder:
    """`feed` bytes as they arrive; each call returns the data of the events completed by it.

    Event names are dropped, or with `named` stand before the data, on a line of their own.
    """

    __slots__ = ("_data", "_line", "_name", "_named", "_size", "_skip_lf", "_started")

    def __init__(self, *, named: bool = False) -> None:
        self._named = named
        self._line = b""  # the beginning of a line whose end has not come yet
        self._data: list[bytes] = []
        self._size = 0  # bytes of the data lines of the event that is not complete yet
        self._name = b""
        self._skip_lf = False  # a CR ended the last bytes; a LF right after belongs to it
        self._started = False

    def feed(self, data: bytes) -> list[bytes]:
        """Data of each event that is complete now; raises MalformedStream."""
        if not data:
            return []
        if self._skip_lf:
            self._skip_lf = False
            if data[0] == 10:
                data = data[1:]
        if b"\r" in data:
            self._skip_lf = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._line:
            data = self._line + data
        if not self._started and (len(data) >= len(_BOM) or not _BOM.startswith(data)):
            self._started = True
            data = data.removeprefix(_BOM)
        lines = data.split(b"\n")
        self._line = lines.pop()
        if len(self._line) > PENDING_BYTES_MAX:
            raise MalformedStream
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if not line:
                if self._data:
                    data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                    events.append(self._name + b"\n" + data if self._named else data)
                    self._data = []
                    self._size = 0
                self._name = b""
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
                self._size += len(line)
                if self._size > EVENT_BYTES_MAX:
                    raise MalformedStream
            elif line.startswith(b"event:"):
                self._name = line[6:].strip()
        return events

    def finish(self) -> list[bytes]:
        """The stream ended. Some providers forget the blank line after their last event."""
        line, self._line = self._line, b""
        return self._events([line, b""] if line else [b""])


COMMENT = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"


def frame(document: bytes) -> bytes:
    """One event of a JSON document without line breaks."""
    return b"data: " + document + b"\n\n"
