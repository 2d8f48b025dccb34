"""Open pages of the Playground: sockets with panes, and when the words of each pane came."""

from __future__ import annotations

import asyncio
import json
import secrets
import string
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from database import MODEL
from websockets.asyncio.client import ClientConnection, connect

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Load:
    """`sockets` pages of `panes` each; every pane is sent `tokens` at `tps` tokens a second."""

    port: int
    visitors: Sequence[dict[str, str]]
    panes: int
    tokens: int
    tps: float
    stagger_s: float


@dataclass
class Pane:
    """Seconds at which words of it came, and how it ended."""

    at_s: list[float] = field(default_factory=list)
    characters: int = 0
    state: str = ""
    tokens: int = 0

    def gaps_ms(self, since_s: float) -> list[float]:
        pairs = zip(self.at_s, self.at_s[1:], strict=False)
        return [(after - before) * 1000 for before, after in pairs if before >= since_s]


async def run(load: Load) -> tuple[list[Pane], int]:
    """All panes, and how many frames brought them."""
    pages = [_page(load, number) for number in range(len(load.visitors))]
    found = await asyncio.gather(*pages)
    return [pane for panes, _ in found for pane in panes], sum(frames for _, frames in found)


async def _page(load: Load, number: int) -> tuple[list[Pane], int]:
    visitor = load.visitors[number]
    url = f"ws://127.0.0.1:{load.port}/ws/playground"
    headers = {"Cookie": f"sessionid={visitor['session']}"}
    await asyncio.sleep(load.stagger_s * number / len(load.visitors))
    async with connect(
        url, origin=f"http://127.0.0.1:{load.port}", additional_headers=headers,  # type: ignore[arg-type]
        compression=None, max_size=2**24, proxy=None, open_timeout=60,
    ) as socket:  # fmt: skip
        panes = {await _start(socket, load, visitor["chat"], each): Pane() for each in _names(load)}
        frames = 0
        while not all(pane.state for pane in panes.values()):
            frame = await socket.recv()
            frames += 1
            _take(panes, json.loads(frame), time.perf_counter())
    return list(panes.values()), frames


def _names(load: Load) -> list[str]:
    return [f"p{number}" for number in range(load.panes)]


async def _start(socket: ClientConnection, load: Load, chat: str, pane: str) -> str:
    run_id, question_id = (
        f"msg-{''.join(secrets.choice(_LETTERS) for _ in range(22))}" for _ in range(2)
    )
    text = f"[[simulate tokens={load.tokens} tps={load.tps:g} ttft_ms=50]]"
    body = {"model": MODEL, "messages": [{"role": "user", "content": text}]}
    command = {
        "type": "run.start", "run": run_id, "chat": chat, "pane": pane, "parent": None,
        "question": {"id": question_id, "content": text}, "body": body,
    }  # fmt: skip
    await socket.send(json.dumps(command))
    return run_id


def _take(panes: dict[str, Pane], events: list[dict[str, Any]], now_s: float) -> None:
    for event in events:
        pane = panes.get(event.get("run", ""))
        if event["type"] == "error":
            raise RuntimeError(f"refused: {event}")
        if pane is None:
            continue
        if event["type"] == "run.delta":
            pane.at_s.append(now_s)
            pane.characters += len(event["text"])
        elif event["type"] == "run.done":
            pane.state = event["state"]
            pane.tokens = (event["usage"] or {}).get("completion_tokens", 0)
