"""A process of its own that hammers limits in Redis and prints what it was given, as JSON.

python limits_process.py REDIS_URL SECONDS LIMIT LENGTH_US DAY_LIMIT. Waits for a line on stdin, so
that several begin together.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")

from billing.shared_windows import Asked, RedisAway, SharedWindows  # noqa: E402
from billing.windows import Day, Window  # noqa: E402

CLIENTS = 4


async def main(url, seconds, limit, length_us, day_limit):
    shared = SharedWindows(url, 1.0)
    watching = asyncio.create_task(shared.watch())
    asked = Asked(
        "user:1",
        (Window("surge", 10_000, 1_000_000), Window("one", limit, length_us)),
        Day(day_limit, 0, 0) if day_limit else None,
    )
    counts = {"admitted": 0, "refused": 0, "away": 0}
    until = time.monotonic() + seconds

    async def client():
        while time.monotonic() < until:
            try:
                verdict = await shared.take(asked)
            except RedisAway:
                counts["away"] += 1
                await asyncio.sleep(0.01)
            else:
                counts["admitted" if verdict.admitted else "refused"] += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return counts


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    url, seconds, *numbers = sys.argv[1:]
    print(json.dumps(asyncio.run(main(url, float(seconds), *map(int, numbers)))), flush=True)
