"""Clients that leave at every moment of a request (F4): each request that was admitted is settled
once, whatever reached a provider had a hold, and nothing stays open behind them.

CHAOS_ABORTS says how many.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import struct
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from chaos_size import sized
from gateway_process import unique, wait_until

ABORTS = int(os.environ.get("CHAOS_ABORTS", sized("200", "10000")))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
MODEL = "openai/gpt-3.5-turbo"
AT_ONCE = 40
PACE_PER_S = 100

# What a client has seen of its request when it leaves.
MOMENTS = (
    "connected", "half of the head", "half of the body", "sent", "waiting", "head", "first content",
    "some content", "all",
)  # fmt: skip


def request(caller, marker, stream):
    body = json.dumps({
        "model": MODEL, "stream": stream, "max_tokens": 50,
        "messages": [{
            "role": "user", "content": f"{marker} [[simulate tokens=12 tps=100 ttft_ms=30]]",
        }],
    }).encode()  # fmt: skip
    head = (
        "POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {caller.key}\r\nX-Title: {marker}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode(), body


async def leave(gateway, caller, rng):
    """One request up to a moment, then no more; (marker, moment)."""
    marker, moment = unique("abort"), rng.choice(MOMENTS)
    head, body = request(caller, marker, rng.random() < 0.7)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    if rng.random() < 0.5:  # a reset instead of an orderly end
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    try:
        async with asyncio.timeout(20):
            if moment == "half of the head":
                writer.write(head[: len(head) // 2])
            elif moment == "half of the body":
                writer.write(head + body[: len(body) // 2])
            elif moment != "connected":
                writer.write(head + body)
                await watch(reader, moment, rng)
            await asyncio.sleep(0)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    writer.transport.abort() if rng.random() < 0.5 else writer.close()
    return marker, moment


async def watch(reader, moment, rng):
    if moment == "waiting":
        await asyncio.sleep(rng.uniform(0, 0.2))
    elif moment == "head":
        await reader.readuntil(b"\r\n\r\n")
    elif moment == "first content":
        await reader.readuntil(b"\r\n\r\n")
        await reader.readuntil(b'"content"')
    elif moment == "some content":
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(rng.randint(1, 3000))
        await asyncio.sleep(rng.uniform(0, 0.1))
    elif moment == "all":
        await reader.read()


async def come_and_leave(gateway, caller, number, rng):
    room = asyncio.Semaphore(AT_ONCE)

    async def one():
        async with room:
            return await leave(gateway, caller, rng)

    tasks = []
    for _ in range(number):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(1 / PACE_PER_S)
    return await asyncio.gather(*tasks)


def open_files(gateway):
    return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


@pytest.mark.timeout(120 + ABORTS // 10)
def test_requests_whose_clients_leave_are_settled_once_each(gateway):
    print(f"CHAOS_SEED={SEED} CHAOS_ABORTS={ABORTS}")
    rng = random.Random(SEED)
    caller = gateway.caller(credits="10000")
    asyncio.run(come_and_leave(gateway, caller, 20, rng))
    time.sleep(0.5)
    before = open_files(gateway)
    left = asyncio.run(come_and_leave(gateway, caller, ABORTS, rng))
    wait_until(lambda: not gateway.open_holds(), "all holds to be settled")

    holds = defaultdict(list)
    account = f"user:{caller.user_id}"
    for row in gateway.sql(
        "SELECT id, state, details FROM billing_hold WHERE account_id = %s", account
    ):
        holds[json.loads(row["details"])["app_title"]].append(row)
    settled = Counter(row["id"] for row in gateway.sql("SELECT id FROM billing_generation"))
    captured = Counter(
        row["ref"] for row in gateway.sql("SELECT ref FROM billing_transfer WHERE kind = 'capture'")
    )
    charged = Counter()
    for marker, moment in left:
        assert len(holds[marker]) <= 1
        for row in holds[marker]:
            charged[moment, row["state"]] += 1
            assert row["state"] in ("captured", "voided"), (moment, row)
            assert settled[row["id"]] == 1 >= captured[row["id"]]
            assert captured[row["id"]] == (row["state"] == "captured")
    for record in gateway.upstream("abort"):
        marker = record["body"]["messages"][-1]["content"].split()[0]
        assert len(holds[marker]) == 1
    print(f"{len(left)} left: {dict(sorted(charged.items()))}")
    # Sockets of a few idle provider connections may be kept, those of clients may not.
    wait_until(lambda: open_files(gateway) <= before + AT_ONCE // 2, "sockets to be closed")
    # The same with nothing in between: who stays to the end has paid.
    assert charged["all", "captured"] > 0
    assert not any(moment in ("connected", "half of the head") for moment, _ in charged)
    gateway.verify()
