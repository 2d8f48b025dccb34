"""A zip made while it is sent: files of any size, a piece of them in memory at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

_PIECE_BYTES = 64 * 1024


class _Sink:
    """What zipfile writes to; it cannot be read back or rewound, as a socket cannot."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def taken(self) -> bytes:
        pieces, self._pieces, self.size = self._pieces, [], 0
        return b"".join(pieces)


def zipped(files: Iterable[tuple[str, Iterable[str] | Iterable[bytes]]]) -> Iterator[bytes]:
    """`files` are names and what is in them, in pieces, made when it is their turn."""
    sink = _Sink()
    now = datetime.now(UTC).timetuple()[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            about = zipfile.ZipInfo(name, now)
            about.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(about, "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece.encode() if isinstance(piece, str) else piece)
                    if sink.size >= _PIECE_BYTES:
                        yield sink.taken()
    yield sink.taken()
