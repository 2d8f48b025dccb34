"""A load client on bare asyncio protocols (uvloop where it is installed). Prints one JSON line.

    load.py closed  URL --connections 64 --seconds 5       as many requests as come back
    load.py open    URL --rate 50 --seconds 5              so many, whether or not they come back
    load.py streams URL --streams 64 --seconds 5 --tokens 200
    load.py hang-ups URL --stats URL --directive "tokens=2000 tps=100"   goes after the first words

KEY in the environment is the bearer. The directive is part of the prompt (see mock_upstream.c).
With --stamped each token is the time of its making, and the lag of every chunk is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
import urllib.request
from collections import Counter
from typing import Any

from client import Client

_CONTENT, _EMPTY = b'"content":"', b'"content":""'
_STAMP = re.compile(rb'"content":" (\d{9})"')
_STAMPS = 1_000_000_000
_TAIL_S = 15.0


async def closed(given: argparse.Namespace) -> dict[str, Any]:
    client = Client(given.url, given.directive, stream=False)
    latencies: list[float] = []
    end_s = time.perf_counter() + given.seconds

    async def work() -> None:
        while (began_s := time.perf_counter()) < end_s:
            if await client.ask() is not None:
                latencies.append((time.perf_counter() - began_s) * 1e3)

    began_s = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(given.connections)))
    seconds = time.perf_counter() - began_s
    return {"requests": len(latencies), "rps": len(latencies) / seconds, **_spread(latencies)} | {
        "failures": dict(client.failures)
    }


async def open_loop(given: argparse.Namespace) -> dict[str, Any]:
    client = Client(given.url, given.directive, stream=False)
    await asyncio.gather(*(client.ask() for _ in range(4)))  # connections, before it counts
    latencies: list[float] = []

    async def one() -> None:
        # Not from when it was due: timers go off up to a millisecond early or late.
        began_s = time.perf_counter()
        if await client.ask() is not None:
            latencies.append((time.perf_counter() - began_s) * 1e3)

    began_s = time.perf_counter()
    tasks = []
    for number in range(int(given.rate * given.seconds)):
        due_s = began_s + number / given.rate
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    return {"requests": len(tasks), "failures": dict(client.failures)} | {
        "latencies_ms": [round(latency, 3) for latency in latencies]
    }


async def streams(given: argparse.Namespace) -> dict[str, Any]:
    """`sent_per_s` and the lags are there with --stamped only. The rates are those of a window
    in which all streams are open; `chunks` and `streams` are of the whole run."""
    client = Client(given.url, given.directive, stream=True)
    window_s = time.monotonic() + given.stagger + given.warm
    end_s = window_s + given.seconds
    arrivals: list[tuple[float, int]] = []
    lags: list[list[tuple[float, float]]] = [[] for _ in range(given.streams)]
    firsts: list[float] = []
    counted: Counter[str] = Counter()

    async def work(number: int) -> None:
        await asyncio.sleep(given.stagger * number / given.streams)
        while (began_s := time.monotonic()) < end_s:
            seen = 0

            def events(data: bytes) -> None:
                nonlocal seen
                now_s = time.monotonic()
                chunks = data.count(_CONTENT) - data.count(_EMPTY)
                if chunks and not seen and began_s > window_s:  # noqa: B023
                    firsts.append((now_s - began_s) * 1e3)  # noqa: B023
                seen += chunks
                arrivals.append((now_s, chunks))
                if given.stamped:
                    now_us = int(now_s * 1e6)
                    for stamp in _STAMP.findall(data):
                        lags[number].append((now_s, (now_us - int(stamp)) % _STAMPS / 1e3))

            connection = await client.ask(events)
            counted["streams"] += 1
            counted["chunks"] += seen
            counted["short"] += seen < given.tokens or connection is None or not connection.is_done

    async with asyncio.timeout(given.stagger + given.warm + given.seconds + _TAIL_S):
        await asyncio.gather(*(work(number) for number in range(given.streams)))
    in_window = sum(chunks for at_s, chunks in arrivals if window_s <= at_s < end_s)
    return {
        **counted,
        "chunks_per_s": in_window / given.seconds,
        "first_ms": _spread(firsts),
        "failures": dict(client.failures),
        **(_lags(lags, window_s, end_s) if given.stamped else {}),
    }


async def hang_ups(given: argparse.Namespace) -> dict[str, Any]:
    """One after the other: milliseconds until the provider's connection is closed."""
    client = Client(given.url, given.directive, stream=True)
    end_s = time.monotonic() + given.seconds
    delays: list[float] = []
    while time.monotonic() < end_s:
        lost_before = _lost(given.stats)["aborted"]
        connection = await client.hear(lambda data: data.count(_CONTENT) > data.count(_EMPTY))
        hung_up_s = time.monotonic()
        connection.transport.abort()
        await asyncio.sleep(0)  # it is closed by now
        while (lost := _lost(given.stats))["aborted"] == lost_before:
            if time.monotonic() > hung_up_s + _TAIL_S:
                return {"requests": len(delays), "failures": {"never stopped": 1}}
            await asyncio.sleep(0.001)
        delays.append(lost["aborted_us"] / 1e3 - hung_up_s * 1e3)
    return {"requests": len(delays), **_spread(delays), "failures": {}}


def _lost(stats_url: str) -> dict[str, int]:
    with urllib.request.urlopen(stats_url, timeout=_TAIL_S) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def _lags(lags: list[list[tuple[float, float]]], start_s: float, end_s: float) -> dict[str, Any]:
    """Milliseconds from a token's making to its arrival; `slowest`: of the stream worst off."""
    seen = [[lag for at_s, lag in each if start_s <= at_s < end_s] for each in lags]
    made = sum(start_s <= at_s - lag / 1e3 < end_s for each in lags for at_s, lag in each)
    medians = [statistics.median(each) for each in seen if each]
    return {
        "sent_per_s": made / (end_s - start_s),
        "lag_ms": _spread([lag for each in seen for lag in each]),
        "slowest_stream_lag_ms": max(medians, default=None),
    }


def _spread(values: list[float]) -> dict[str, float | None]:
    ordered = sorted(values)
    return {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


STORIES = {"closed": closed, "open": open_loop, "streams": streams, "hang-ups": hang_ups}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mode", choices=STORIES)
    parser.add_argument("url")
    parser.add_argument("--directive", default="tokens=20 tps=0 ttft_ms=0")
    for name, default in (("connections", 64), ("streams", 64), ("tokens", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default_s in (("rate", 50.0), ("seconds", 5.0), ("stagger", 0.5), ("warm", 0.5)):
        parser.add_argument(f"--{name}", type=float, default=default_s)
    parser.add_argument("--stamped", action="store_true")
    parser.add_argument("--stats", default="", metavar="URL", help="of the provider's /_stats")
    given = parser.parse_args()
    story = STORIES[given.mode]
    try:
        import uvloop
    except ImportError:
        print(json.dumps(asyncio.run(story(given))))
    else:
        print(json.dumps(uvloop.run(story(given))))


if __name__ == "__main__":
    main()
