"""Gates: where a test holds requests until it has seen what it came to see.

`gate=name` holds a request before anything happens to it; `POST /_gates`, with the name as its
body, lets all through that wait there and all that come later.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Gates:
    def __init__(self) -> None:
        self._gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def open(self, name: str) -> None:
        self._gates[name].set()

    async def passed(self, name: str) -> None:
        await self._gates[name].wait()
