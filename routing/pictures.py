"""Whether bytes are a PNG, JPEG or WebP picture, and how large it is. Pure.

Only the header is read: nothing is ever decoded, so no picture can be made to cost us memory. What
is checked is what keeps another kind of file from passing under a picture's name and a picture
from being a bomb for whoever decodes it. Sources: the PNG specification (sections 5 and 11.2.2),
ITU-T T.81 (annex B) and RFC 9649.
"""

from __future__ import annotations

import binascii
import zlib
from dataclasses import dataclass

SIDE_PIXELS_MAX = 16_384
PIXELS_MAX = 100_000_000
# Almost every header is within it; a JPEG's can come after long colour profiles and thumbnails.
_HEADER_BYTES = 64 * 1024
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_PNG = b"\x89PNG\r\n\x1a\n"
# Colour type: its bit depths.
_PNG_DEPTHS = {
    0: (1, 2, 4, 8, 16),
    2: (8, 16),
    3: (1, 2, 4, 8),
    4: (8, 16),
    6: (8, 16),
}
# Start of frame: all of C0..CF but DHT, JPG and DAC.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# They have no length: TEM and the restarts; SOI may not come twice.
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


class BadPicture(ValueError):
    """Not a picture we take; the words say why and read on after "must be"."""


class _Short(Exception):
    """The header goes on beyond the bytes at hand."""


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    width: int
    height: int


def read(data: bytes) -> Picture:
    """What the picture says of itself; raises BadPicture."""
    try:
        return _read(data)
    except _Short:
        raise BadPicture("a whole picture: it ends within its header") from None


def checked_data_url(url: str) -> str:
    """A `data:image/...;base64,` URL that holds a picture, its media type set right if it was not.

    Whether it says png, jpeg or webp changes nothing for the caller, but some providers refuse a
    picture whose type is not the declared one. Raises BadPicture.
    """
    head, _, data = url.partition(",")
    picture = _read_base64(data)
    right = f"data:{picture.media_type};base64"
    return url if head == right else f"{right},{data}"


def _read_base64(text: str) -> Picture:
    data = text.encode("ascii", "replace")
    padding = 2 if data.endswith(b"==") else 1 if data.endswith(b"=") else 0
    if len(data) % 4 or not data or data[: len(data) - padding].translate(None, _ALPHABET):
        raise BadPicture("standard base64 with its padding, without line breaks")
    try:
        return _read(binascii.a2b_base64(data[: _HEADER_BYTES // 3 * 4]))
    except _Short:
        return read(binascii.a2b_base64(data))


def _read(data: bytes) -> Picture:
    if data.startswith(_PNG):
        picture = _png(data)
    elif data.startswith(b"\xff\xd8\xff"):
        picture = _jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        picture = _webp(data)
    else:
        raise BadPicture("a PNG, JPEG or WebP picture")
    width, height = picture.width, picture.height
    if not (width and height):
        raise BadPicture("a picture with a width and a height")
    if max(width, height) > SIDE_PIXELS_MAX or width * height > PIXELS_MAX:
        raise BadPicture(
            f"at most {SIDE_PIXELS_MAX} pixels wide and high and {PIXELS_MAX // 1_000_000}"
            f" megapixels; it is {width} x {height}"
        )
    return picture


def _at(data: bytes, start: int, length: int) -> bytes:
    part = data[start : start + length]
    if len(part) < length:
        raise _Short
    return part


def _number(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(_at(data, start, length), "big")


def _little(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(_at(data, start, length), "little")


def _png(data: bytes) -> Picture:
    """The first chunk is the header, with a checksum; the name of the second is letters."""
    header = _at(data, 8, 25)
    depth, colour, compression, filtering, interlace = header[16:21]
    if (
        header[:8] != b"\x00\x00\x00\x0dIHDR"
        or zlib.crc32(header[4:21]) != _number(header, 21, 4)
        or depth not in _PNG_DEPTHS.get(colour, ())
        or compression
        or filtering
        or interlace > 1
        or _number(data, 33, 4) >= 1 << 31
        or not _at(data, 37, 4).isalpha()
    ):
        raise BadPicture("a PNG picture, and after its signature it is none")
    return Picture("image/png", _number(header, 8, 4), _number(header, 12, 4))


def _jpeg(data: bytes) -> Picture:
    """From segment to segment until the frame, which must come before the scan."""
    at = 2
    while True:
        if _number(data, at, 1) != 0xFF:
            break
        marker = _number(data, at + 1, 1)
        if marker == 0xFF:  # padding
            at += 1
            continue
        at += 2
        if marker in _JPEG_BARE:
            continue
        if not 0xC0 <= marker <= 0xFE or marker in (0xD8, 0xD9, 0xDA):
            break
        length = _number(data, at, 2)
        if marker in _JPEG_FRAMES:
            components = _number(data, at + 7, 1)
            if not 1 <= components <= 4 or length != 8 + 3 * components:
                break
            return Picture("image/jpeg", _number(data, at + 5, 2), _number(data, at + 3, 2))
        if length < 2:
            break
        at += length
    raise BadPicture("a JPEG picture, and after its signature it is none")


def _webp(data: bytes) -> Picture:
    kind, body = _at(data, 12, 4), 20
    if kind == b"VP8 " and _at(data, body + 3, 3) == b"\x9d\x01\x2a":
        sides = _little(data, body + 6, 4)
        return Picture("image/webp", sides & 0x3FFF, sides >> 16 & 0x3FFF)
    if kind == b"VP8L" and _at(data, body, 1) == b"\x2f":
        sides = _little(data, body + 1, 4)
        return Picture("image/webp", 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF))
    if kind == b"VP8X":
        width, height = _little(data, body + 4, 3), _little(data, body + 7, 3)
        return Picture("image/webp", 1 + width, 1 + height)
    raise BadPicture("a WebP picture, and after its signature it is none")
