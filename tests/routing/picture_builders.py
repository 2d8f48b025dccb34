"""Pictures as small as their formats allow: headers that say what the test wants."""

from __future__ import annotations

import base64
import struct
import zlib


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width=1, height=1, *, depth=8, colour=0, compression=0, interlace=0, after=None):
    """`after`: what follows the header, else a whole picture of one grey pixel."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, compression, 0, interlace)
    rest = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + (rest if after is None else after)


def jpeg(width=1, height=1, *, before=b"", marker=0xC0, components=1):
    """`before`: segments between the start and the frame."""
    frame = struct.pack(">BHHB", 8, height, width, components) + b"\1\x11\0" * components
    return b"\xff\xd8" + before + segment(marker, frame) + segment(0xDA, b"\0" * 6) + b"\xff\xd9"


def segment(marker, data):
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def webp(width=1, height=1, *, kind=b"VP8X"):
    if kind == b"VP8X":
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        body = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little")
    else:
        body = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    data = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(data)) + data


def data_url(data, media_type="image/png"):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
