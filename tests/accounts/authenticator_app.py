"""An authenticator app: RFC 6238, by the book and not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time


def code(secret, offset_s=0):
    counter = struct.pack(">Q", int(time.time() + offset_s) // 30)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
