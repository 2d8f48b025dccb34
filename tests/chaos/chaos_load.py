"""Clients of servers that die, some of them streaming, and what they were told."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from dataclasses import dataclass
from decimal import Decimal

from gateway_process import unique

MODEL = "openai/gpt-3.5-turbo"
TIMEOUT_S = 30


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

    def __init__(self, servers, caller, seed):
        self.history = []
        self._servers = servers
        self._caller = caller
        self._seed = seed
        self._stopping = threading.Event()

    @contextlib.contextmanager
    def running(self, clients):
        """This many clients at once, until the block ends; requests under way end by themselves."""
        threads = [
            threading.Thread(target=self._client, args=(random.Random(self._seed + number),))
            for number in range(clients)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def _client(self, rng):
        while not self._stopping.is_set():
            told = Told(unique("chaos"), stream=rng.random() < 0.75)
            try:
                self._ask(told, rng)
            except ConnectionRefusedError:
                told.ending = "refused"  # nobody is there; it was never sent
                time.sleep(0.1)
            except (http.client.HTTPException, OSError, ValueError):
                pass
            if told.ending != "refused":
                self.history.append(told)

    def _ask(self, told, rng):
        tokens, speed = rng.randint(5, 60), rng.choice((60, 200, 1000))
        text = f"{told.marker} [[simulate tokens={tokens} tps={speed} ttft_ms=20]]"
        body = {
            "model": MODEL, "messages": [{"role": "user", "content": text}],
            "stream": told.stream, "max_tokens": 100,
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {self._caller.key}", "X-Title": told.marker}
        port = rng.choice(self._servers).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", "/api/v1/chat/completions", json.dumps(body), headers)
            response = connection.getresponse()
            told.generation_id = response.getheader("x-generation-id", "")
            if response.status != 200:
                told.ending = "error"
            elif told.stream:
                self._stream(response, told)
            else:
                self._end(told, json.loads(response.read())["usage"])
        finally:
            connection.close()

    def _stream(self, response, told):
        usage = None
        for line in response:
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
