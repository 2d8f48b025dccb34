"""A key is disabled in one process while it is used in another (F19): no paid request that begins
afterwards is served, and streams under way end soon."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter

import pytest
from chaos_books import check_money
from chaos_clients import Clients
from chaos_size import sized
from gateway_process import unique

PER_S = sized(40, 100)
SECONDS = sized(1.0, 10.0)
STREAMS = sized(5, 50)
CUT_WITHIN_S = 5
MODEL = "openai/gpt-3.5-turbo"


async def stream(gateway, caller):
    """A long one; its last event, and when it ended."""
    body = json.dumps({
        "model": MODEL, "stream": True, "max_tokens": 2000,
        "messages": [{
            "role": "user", "content": f"{unique('long')} [[simulate tokens=1500 tps=50]]",
        }],
    }).encode()  # fmt: skip
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + f"Authorization: Bearer {caller.key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    raw = await reader.read()
    writer.close()
    return raw, time.time()


@pytest.mark.timeout(120)
def test_key_that_is_disabled_elsewhere_is_refused_at_once(gateway):
    caller = gateway.caller(credits="10000")
    clients = Clients(gateway, caller, MODEL)

    async def story():
        streams = [asyncio.create_task(stream(gateway, caller)) for _ in range(STREAMS)]
        loading = asyncio.create_task(clients.come(PER_S, 2 * SECONDS))
        await asyncio.sleep(SECONDS)
        await asyncio.to_thread(gateway.desk, "disable", key_id=caller.key_id)
        disabled_at = time.time()
        await loading
        return disabled_at, await asyncio.gather(*streams)

    disabled_at, streams = asyncio.run(story())
    before = [each for each in clients.answered if each.sent_at < disabled_at]
    after = [each for each in clients.answered if each.sent_at >= disabled_at]
    cut_s = [ended_at - disabled_at for _, ended_at in streams]
    print(
        f"before: {dict(Counter(each.status for each in before))}; after:"
        f" {dict(Counter(each.status for each in after))};"
        f" {len(streams)} streams ended within {max(cut_s):.1f} s"
    )
    assert sum(each.is_whole for each in before) > len(before) / 2
    assert {each.status for each in after} == {401}
    for raw, _ in streams:
        assert b'"code":401' in raw
    assert max(cut_s) < CUT_WITHIN_S
    check_money(gateway, caller, clients.answered)
