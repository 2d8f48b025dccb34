"""What the simulator saw: one record for each request, written while the request lives.

A record is there when the request starts, with `ended_at` null, and is completed at its end; so a
test can wait for it. The file gets one line for each record, at the end of the request.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

RECORDS_MAX = 100_000
DATA_URL_CHARS_MAX = 64
PICTURE_CHARS_MAX = 1_024
# Where Anthropic, Google and Bedrock have the base64 of a picture.
_PICTURE_FIELDS = frozenset(("data", "bytes"))


@dataclass(slots=True)
class Record:
    id: int
    provider: str
    path: str
    headers: dict[str, str]
    started_at: float
    model: str | None = None
    user: str | None = None
    stream: bool = False
    body: Any = None
    status: int | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Tokens handed to the socket so far."""
    usage_sent: bool = False
    finished: bool = False
    """The answer went out whole, with its finish reason. An error answer is not finished."""
    aborted: bool = False
    aborted_at: float | None = None
    ended_at: float | None = None
    directive: str | None = None
    # Names that begin with an underscore stay out of the JSON.
    _text: bytes = b""
    """The body as it came, to look for a word in; without the pictures that `body` lacks."""


class Log:
    def __init__(self, path: Path | None = None, bodies: bool = True) -> None:
        self.bodies = bodies
        self.records: deque[Record] = deque(maxlen=RECORDS_MAX)
        self._last_id = 0
        self._open = 0
        self._aborted = 0
        self._counts: dict[str, Counter[str]] = {}
        # Unbuffered: whoever reads the file sees every finished request.
        self._file = path.open("ab", buffering=0) if path else None

    def start(self, provider: str, path: str, headers: Mapping[str, str]) -> Record:
        self._last_id += 1
        self._open += 1
        record = Record(
            id=self._last_id,
            provider=provider,
            path=path,
            headers=masked(headers),
            started_at=time.time(),
        )
        self.records.append(record)
        return record

    def describe(self, record: Record, raw: bytes, body: Mapping[str, Any]) -> None:
        """Add what the body says, once it has been read."""
        model, user = body.get("model"), body.get("user")
        record.model = model if isinstance(model, str) else None
        record.user = user if isinstance(user, str) else None
        record.stream = body.get("stream") is True
        if self.bodies:
            has_images = b";base64," in raw or len(raw) > PICTURE_CHARS_MAX
            record.body = without_images(body) if has_images else body
            record._text = orjson.dumps(record.body) if has_images else raw

    def end(self, record: Record) -> None:
        record.ended_at = time.time()
        self._open -= 1
        self._aborted += record.aborted
        counter = self._counts.setdefault(record.provider, Counter())
        counter[str(record.status) if record.status else "none"] += 1
        if self._file:
            self._file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def since(self, after_id: int, user: str | None = None, text: str = "") -> Iterator[Record]:
        """Records after that one; of this `user` alone, or with `text` (ASCII) in their body."""
        wanted = text.encode()
        # Ids have no gaps, so the place of an id in the deque is known.
        first_id = self.records[0].id if self.records else 1
        for record in islice(self.records, max(0, after_id + 1 - first_id), None):
            if (user is None or record.user == user) and wanted in record._text:
                yield record

    def clear(self) -> None:
        """Forget the records and counts. Ids go on, so that `since` keeps its meaning."""
        self.records.clear()
        self._counts.clear()
        self._aborted = 0

    def stats(self) -> dict[str, Any]:
        return {
            "requests": sum(counter.total() for counter in self._counts.values()),
            "open": self._open,
            "aborted": self._aborted,
            "providers": {slug: dict(counter) for slug, counter in self._counts.items()},
        }


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    secret = {"authorization", "x-api-key", "x-goog-api-key", "api-key", "x-amz-security-token"}
    return {
        name: ("..." + value[-4:] if name in secret else value) for name, value in headers.items()
    }


def without_images(value: Any) -> Any:
    """A copy in which every picture is cut: a log of images would fill the memory."""
    if isinstance(value, dict):
        return {
            key: _cut(item, PICTURE_CHARS_MAX)
            if key in _PICTURE_FIELDS and isinstance(item, str)
            else without_images(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_images(item) for item in value]
    is_url = isinstance(value, str) and value.startswith("data:")
    return _cut(value, DATA_URL_CHARS_MAX) if is_url else value


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:DATA_URL_CHARS_MAX]}...({len(text)} characters)"
