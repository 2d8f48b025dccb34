"""Single steps of a request, alone, on the full catalogue: microseconds, median. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import client

_SECONDS_EACH = 0.25
_SENTENCE = "The quick brown fox jumps over the lazy dog, and then it sleeps in the sun. "


def median_us(step: Callable[[], object], per_call: int = 1) -> float:
    """Of as many calls as fit into the time, the first tenth as warm-up left out."""
    times = []
    end_s = time.perf_counter() + _SECONDS_EACH
    while (began_s := time.perf_counter()) < end_s:
        step()
        times.append(time.perf_counter() - began_s)
    return round(statistics.median(times[len(times) // 10 :]) * 1e6 / per_call, 2)


def long_body() -> bytes:
    """A conversation of twenty messages, about 2,000 tokens."""
    body = json.loads(client.body_of("tokens=20", stream=False))
    said = _SENTENCE * 6
    body["messages"] = [
        {"role": ("user", "assistant")[number % 2], "content": said} for number in range(19)
    ] + [{"role": "user", "content": "And now?"}]
    return json.dumps(body).encode()


def of_requests() -> dict[str, float]:
    from routing import tokens
    from routing.request import parse

    tokens.load()
    short, long = client.body_of("tokens=20", stream=False), long_body()
    short_request, long_request = (parse(body, completion=False) for body in (short, long))
    return {
        "parse, 2 messages": median_us(lambda: parse(short, completion=False)),
        "parse, 20 messages": median_us(lambda: parse(long, completion=False)),
        "token count, 2 messages": median_us(lambda: tokens.count_request(short_request)),
        "token count, 20 messages (2,000 tokens)": median_us(
            lambda: tokens.count_request(long_request)
        ),
    }


def of_disk() -> dict[str, float]:
    """What the disk under the database takes for a commit, whatever we do."""
    from django.conf import settings

    path = settings.DATA_DIR / "fsync"
    block = b"x" * 4096

    def commit() -> None:
        os.pwrite(file.fileno(), block, 0)
        os.fsync(file.fileno())

    with path.open("wb") as file:
        found = median_us(commit)
    path.unlink()
    return {"write 4 KiB and fsync, in DATA_DIR": found}


class _Caller:
    default_model = "openai/gpt-3.5-turbo"
    allow_training = True
    allow_retention = True
    middle_out = True
    ignored_providers: frozenset[str] = frozenset()
    allowed_models: frozenset[str] = frozenset()
    own_providers: dict[str, Any] = {}


_MANY_MODELS, _MANY_ENDPOINTS = 2_000, 6_000


def of_plans() -> dict[str, float]:
    from catalog import load

    catalog = load.read()
    chats = [m for m in catalog.models.values() if m.kind == "chat" and m.endpoints]
    widest = max(chats, key=lambda model: len(model.endpoints))
    many = _enlarged(catalog)
    wide = next(m.id for m in many.models.values() if m.id.startswith("many/"))
    return {
        f"plan, 1 endpoint ({_whole(catalog)})": _planned(catalog, "bench/mock"),
        f"plan, {len(widest.endpoints)} endpoints ({widest.id})": _planned(catalog, widest.id),
        "plan, openrouter/auto": _planned(catalog, "openrouter/auto"),
        f"plan, 4 endpoints ({_whole(many)})": _planned(many, wide),
        "plan, fallback without models (the same)": _planned(
            many, "openai/gpt-3.5-turbo", route="fallback"
        ),
    }


def _whole(catalog: Any) -> str:
    endpoints = sum(len(model.endpoints) for model in catalog.models.values())
    return f"{len(catalog.models)} models, {endpoints} endpoints"


def _enlarged(catalog: Any) -> Any:
    """With copies of a model of the catalog, until there are 2,000 models and 6,000 endpoints."""
    from dataclasses import replace

    models = dict(catalog.models)
    pattern = max(catalog.models.values(), key=lambda model: len(model.endpoints))
    left = _MANY_ENDPOINTS - sum(len(model.endpoints) for model in models.values())
    count = _MANY_MODELS - len(models)
    for number in range(count):
        id, size = f"many/model-{number}", -(-left // (count - number))
        endpoints = tuple(
            replace(pattern.endpoints[place % len(pattern.endpoints)], id=10**6 + left - place,
                    model_id=id)
            for place in range(size)
        )  # fmt: skip
        left -= size
        models[id] = replace(pattern, id=id, endpoints=endpoints)
    return replace(catalog, models=models)


def _planned(catalog: Any, model: str, **fields: Any) -> float:
    from routing.health import Health
    from routing.leg import measure
    from routing.plan import plan
    from routing.request import parse

    body = json.loads(client.body_of("tokens=20", stream=False)) | {"model": model} | fields
    request = parse(json.dumps(body).encode(), completion=False)
    size = asyncio.run(measure(request))
    health, rng = Health(), random.Random(1)
    return median_us(lambda: plan(request, _Caller(), catalog, health, rng, size=size))


def of_chunks() -> dict[str, float]:
    """One token on its way: event, chunk, frame."""
    from api.frames import Frames
    from routing.adapters.openai import decode
    from routing.chunk import Chunk, Turn
    from routing.exchange import Exchange
    from routing.sse import Decoder

    choice = {"index": 0, "delta": {"content": " token"}, "logprobs": None, "finish_reason": None}
    document = json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                           "model": "mock", "choices": [choice]}).encode()  # fmt: skip
    event = b"data: " + document + b"\n\n"
    decoder, turn, chunk = Decoder(), Turn(stream=True), Chunk(text=" token")
    register: Any = None
    frames = Frames(Exchange(register, "gen-1", stream=True), completion=False)
    batch, events = [chunk] * 16, event * 16
    return {
        "SSE event in, 1 a read": median_us(lambda: decoder.feed(event)),
        "SSE event in, 16 a read": median_us(lambda: decoder.feed(events), 16),
        "decode a chunk": median_us(lambda: decode(document, turn)),
        "frame out, 1 a write": median_us(lambda: frames.chunks([chunk])),
        "frame out, 16 a write": median_us(lambda: frames.chunks(batch), 16),
    }


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")
    import django

    django.setup()
    found: dict[str, float | str] = {}
    for group in (of_requests, of_plans, of_chunks, of_disk):
        try:
            found |= group()
        except Exception as error:
            # The steps are private to the product and may change: the rest is still worth a table.
            found[group.__name__] = f"failed: {type(error).__name__}: {error}"
    print(json.dumps(found))


if __name__ == "__main__":
    main()
