"""Plausible people and generations for bench/pages.py: the same ones each time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

COLUMNS = (
    "id", "user_id", "key_id", "created_at", "model", "provider_name", "upstream_id",
    "app_referer", "app_title", "user_agent", "streamed", "cancelled", "cost_nano", "usage_source",
    "tokens_prompt", "tokens_completion", "native_tokens_prompt", "native_tokens_completion",
    "native_tokens_reasoning", "native_tokens_cached", "num_media_prompt", "num_media_completion",
    "finish_reason", "native_finish_reason", "latency_ms", "generation_time_ms", "attempts",
    "parameters", "is_byok", "upstream_cost_nano",
)  # fmt: skip

_MODELS = [
    "openai/gpt-4", "openai/gpt-3.5-turbo", "anthropic/claude-3-opus", "anthropic/claude-3-haiku",
    "mistralai/mixtral-8x7b-instruct", "mistralai/mistral-7b-instruct:free",
    "meta-llama/llama-3-70b-instruct", "meta-llama/llama-3-8b-instruct", "google/gemini-pro",
    "cohere/command-r-plus", "perplexity/sonar-small-chat", "nousresearch/hermes-2-pro",
    "gryphe/mythomax-l2-13b", "openchat/openchat-7b", "01-ai/yi-34b-chat",
]  # fmt: skip
_PROVIDERS = ["OpenAI", "Azure", "Together", "Fireworks", "DeepInfra", "Anthropic", "Lepton"]
_APPS = [
    ("", ""), ("https://chat.example.com/", "Chat"), ("https://aider.example.net", "aider"),
    ("", "nightly job"), ("https://tavern.example.org", "Tavern"),
]  # fmt: skip


def people(count: int) -> list[tuple[int, list[int]]]:
    """(user, keys), who are made; nobody can sign in as one of them."""
    from accounts import keys
    from accounts.models import User

    made = []
    for number in range(count):
        user = User.objects.create_user(f"bench-{number}@example.com")
        made.append((user.pk, [keys.create(user, f"key {n}")[0].pk for n in range(8)]))
    return made


class _Draw:
    """Draws by weights that fall like 1, 1/2, 1/3, ..."""

    def __init__(self, rng: random.Random, values: list[Any], power: float = 1.0) -> None:
        weights = [1 / (n + 1) ** power for n in range(len(values))]
        self._rng, self._values, self._weights = rng, values, list(accumulate(weights))

    def __call__(self) -> Any:
        return self._rng.choices(self._values, cum_weights=self._weights)[0]


def _work(rng: random.Random, key_ids: list[int]) -> _Draw:
    """What an account does: (key, app, models, providers). An app has a key and models of its own,
    and each model is served by few providers."""
    works = []
    for number in range(16):
        models = rng.sample(_MODELS, rng.choice([1, 1, 2, 3]))
        providers = {model: _Draw(rng, rng.sample(_PROVIDERS, 3), 2.0) for model in models}
        key_id = key_ids[number % len(key_ids)]
        works.append((key_id, rng.choice(_APPS), _Draw(rng, models), providers))
    return _Draw(rng, works)


def rows(count: int, persons: list[tuple[int, list[int]]], days: int) -> Iterator[tuple[Any, ...]]:
    """As the ledger would have left them, oldest first; each person has half of what is left."""
    rng = random.Random(20_240_515)
    halves = list(accumulate(2.0**-n for n in range(len(persons))))
    works = {user_id: _work(rng, key_ids) for user_id, key_ids in persons}
    attempts_of = {name: _attempts(name) for name in _PROVIDERS}
    length = 29 if _on_postgresql() else 26
    now = datetime.now(UTC)
    step = timedelta(days=days) / count
    for number in range(count):
        user_id, _ = rng.choices(persons, cum_weights=halves)[0]
        at = now - step * (count - number)
        key_id, (referer, title), model, providers = works[user_id]()
        named = model()
        served = providers[named]()
        prompt, completion = int(rng.lognormvariate(6, 1.2)), int(rng.lognormvariate(5, 1))
        failed, cancelled = rng.random() < 0.015, rng.random() < 0.03
        latency_ms = int(rng.lognormvariate(6.3, 0.7))
        yield (
            f"gen-{int(at.timestamp())}-{number:020d}", user_id, key_id,
            at.strftime("%Y-%m-%d %H:%M:%S.%f+00")[:length],
            named, served, f"chatcmpl-{number}", referer, title, "python/1", number % 4 != 0,
            cancelled and not failed, 0 if failed else 30 * prompt + 60 * completion, "upstream",
            prompt, completion, prompt + 1, completion + 1, 0, 0, None, None,
            "error" if failed else "stop", "stop", None if failed else latency_ms,
            None if failed else latency_ms + 12 * completion, attempts_of[served], "",
            number % 50 == 0, 0,
        )  # fmt: skip


def _attempts(provider: str) -> str:
    tried = [{"model": "m", "provider": provider, "status": 200, "ms": 420}]
    return json.dumps(tried)


def _on_postgresql() -> bool:
    from django.db import connection

    return connection.vendor == "postgresql"
