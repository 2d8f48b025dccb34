"""Clients of servers that die, some of them streaming, and what they were told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from decimal import Decimal

import aiohttp
from gateway_process import unique

MODEL = "openai/gpt-3.5-turbo"


@dataclass
class Told:
    """One request, as its client knows it. `ending`: "whole", "error", "cut" or "refused"."""

    marker: str
    stream: bool
    generation_id: str = ""
    content: bool = False
    cost_nano: int | None = None
    ending: str = "cut"


class Load:
    """`history` has a Told for each request that was sent."""

    def __init__(self, servers, caller, rng):
        self.history = []
        self._servers = servers
        self._caller = caller
        self._rng = rng
        self._stopping = False

    @contextlib.asynccontextmanager
    async def running(self, clients):
        """This many clients at once, until the block ends; requests under way end by themselves."""
        timeout = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            running = [asyncio.create_task(self._client(session)) for _ in range(clients)]
            try:
                yield
            finally:
                self._stopping = True
                await asyncio.gather(*running)

    async def _client(self, session):
        while not self._stopping:
            told = Told(unique("chaos"), stream=self._rng.random() < 0.75)
            try:
                await self._ask(session, told)
            except (aiohttp.ClientConnectorError, ConnectionRefusedError):
                told.ending = "refused"  # nobody is there; it was never sent
                await asyncio.sleep(0.1)
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            if told.ending != "refused":
                self.history.append(told)

    async def _ask(self, session, told):
        tokens, speed = self._rng.randint(5, 60), self._rng.choice((60, 200, 1000))
        text = f"{told.marker} [[simulate tokens={tokens} tps={speed} ttft_ms=20]]"
        url = f"{self._rng.choice(self._servers).url}/api/v1/chat/completions"
        body = {
            "model": MODEL, "messages": [{"role": "user", "content": text}],
            "stream": told.stream, "max_tokens": 100,
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {self._caller.key}", "X-Title": told.marker}
        async with session.post(url, json=body, headers=headers) as response:
            told.generation_id = response.headers.get("x-generation-id", "")
            if response.status != 200:
                told.ending = "error"
                await response.read()
            elif told.stream:
                await self._stream(response, told)
            else:
                self._end(told, (await response.json())["usage"])

    async def _stream(self, response, told):
        usage = None
        async for line in response.content:
            data = line.decode().removeprefix("data:").strip()
            if not line.startswith(b"data:"):
                continue
            if data == "[DONE]":
                self._end(told, usage)
                return
            event = json.loads(data)
            if "error" in event:
                told.ending = "error"
                return
            told.content = told.content or bool(event["choices"])
            usage = event.get("usage") or usage

    @staticmethod
    def _end(told, usage):
        told.content = True
        told.ending = "whole"
        told.cost_nano = int(Decimal(repr(usage["cost"])) * 10**9)
