"""Clients that come at a steady rate, whatever becomes of those before them (an open loop)."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import random
import time
from dataclasses import dataclass
from decimal import Decimal

from gateway_process import unique

PATIENCE_S = 20


@dataclass
class Answered:
    """What one client was told. `status` 0: nothing within PATIENCE_S, or no HTTP at all."""

    marker: str
    stream: bool
    sent_at: float
    status: int = 0
    error: dict | None = None
    cost_nano: int | None = None
    generation_id: str = ""

    @property
    def is_whole(self):
        return self.status == 200 and self.error is None and self.cost_nano is not None


class _Received:
    """What http.client wants of a socket."""

    def __init__(self, data):
        self._data = data

    def makefile(self, *_):
        return io.BytesIO(self._data)


class Clients:
    """`answered` has one entry for each request, in no particular order."""

    def __init__(self, gateway, caller, model, words="", seed=1):
        self.answered = []
        self._port = gateway.port
        self._caller = caller
        self._model = model
        self._words = words
        self._rng = random.Random(seed)

    async def come(self, per_second, seconds):
        """All that were sent in this time, once each of them has its answer."""
        loop = asyncio.get_running_loop()
        began, number = loop.time(), int(per_second * seconds)
        tasks = []
        for n in range(number):
            await asyncio.sleep(max(0.0, began + n / per_second - loop.time()))
            tasks.append(loop.create_task(self.ask()))
        return list(await asyncio.gather(*tasks))

    async def ask(self):
        """One request; never raises."""
        told = Answered(unique("outage"), self._rng.random() < 0.5, time.time())
        self.answered.append(told)
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._read(told, await self._exchange(self._request(told)))
        except (TimeoutError, OSError, http.client.HTTPException, ValueError) as error:
            told.status, told.error = 0, {"code": 0, "message": repr(error)}
        return told

    def _request(self, told):
        text = f"{told.marker} {self._words} [[simulate tokens=8]]"
        body = json.dumps({
            "model": self._model, "stream": told.stream, "max_tokens": 50,
            "messages": [{"role": "user", "content": text}],
        }).encode()  # fmt: skip
        head = (
            "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"Authorization: Bearer {self._caller.key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _exchange(self, data):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(data)
            return await reader.read()
        finally:
            writer.close()

    @staticmethod
    def _read(told, data):
        response = http.client.HTTPResponse(_Received(data))
        response.begin()
        raw = response.read()
        told.generation_id = response.getheader("x-generation-id", "")
        documents = [json.loads(raw)] if not raw.startswith((b"data:", b":")) else [
            json.loads(line[6:]) for line in raw.split(b"\n") if line.startswith(b"data: {")
        ]  # fmt: skip
        told.status = response.status
        for document in documents:
            told.error = document.get("error") or told.error
            if usage := document.get("usage"):
                told.cost_nano = int(Decimal(repr(usage["cost"])) * 10**9)
