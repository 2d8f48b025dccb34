"""A real simulator in a process, and three ways to talk to it: SDK, raw HTTP, control."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 10


def start(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], int]:
    """Start a simulator; return it with its port once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("simulator listening on http://127.0.0.1:"), line
    return process, int(line.rsplit(":", 1)[1])


def stop(process: subprocess.Popen[str]) -> str:
    """End it by its pid; return what it wrote to stderr."""
    process.terminate()
    return process.communicate(timeout=DEADLINE_SECONDS)[1]


@contextmanager
def running(log_path: Path, **environment: str) -> Iterator[Simulator]:
    """A simulator that is as fast as it can be, and complains of nothing."""
    process, port = start(
        "--ttft-ms", "0", "--tokens-per-second", "0", "--log", str(log_path), **environment
    )
    found = Simulator(port, log_path)
    yield found
    for client in found.clients.values():
        client.close()
    assert stop(process) == ""


@dataclass
class Simulator:
    port: int
    log_path: Path
    clients: dict[str, openai.OpenAI] = field(default_factory=dict)

    def client(self, slug: str = "openai") -> openai.OpenAI:
        if slug not in self.clients:
            base_url = f"http://127.0.0.1:{self.port}/{slug}/v1"
            self.clients[slug] = openai.OpenAI(
                base_url=base_url, api_key="sk-test-1234", max_retries=0, timeout=10
            )
        return self.clients[slug]

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"authorization": "Bearer sk-test-1234"} if headers is None else headers
        try:
            connection.request(method, path, raw, sent)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return response.status, received, response.read()
        finally:
            connection.close()

    def chat(self, slug: str, text: str, **body: Any) -> tuple[int, dict[str, str], bytes]:
        request = {"model": "m", "messages": [{"role": "user", "content": text}], **body}
        return self.request("POST", f"/{slug}/v1/chat/completions", request)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        raw = self.request(method, path, body)[2]
        return json.loads(raw) if raw else None

    def last_id(self) -> int:
        return max((record["id"] for record in self.control("GET", "/_log")["data"]), default=0)

    def record(self, user: str, ended: bool = True) -> dict[str, Any]:
        """The record of this user's request, once it is there."""
        until = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < until:
            for record in self.control("GET", f"/_log?since=0&user={user}")["data"]:
                if record["ended_at"] or not ended:
                    return dict(record)
            time.sleep(0.005)
        raise AssertionError(f"no record of {user}")


def events(raw: bytes) -> list[Any]:
    """The JSON of every event of a stream; "[DONE]" stays a string. Reads any legal framing."""
    found = []
    for line in raw.replace(b"\r\n", b"\n").split(b"\n"):
        if line.startswith(b"data:"):
            data = line.removeprefix(b"data:").strip()
            found.append("[DONE]" if data == b"[DONE]" else json.loads(data))
    return found


def text_of(found: list[Any]) -> str:
    choices = [event["choices"][0] for event in found if event != "[DONE]" and event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)
