"""The usage object: what was counted, and what a provider adds to it."""

from __future__ import annotations

from simulator.provider import Provider


def usage_of(provider: Provider, prompt: int, completion: int) -> dict[str, float]:
    """Token counts, and what this provider adds to them."""
    own: dict[str, float] = {
        "estimated_cost": round((prompt + completion) * 6e-8, 10),
        "prompt_time": round(prompt / 10_000, 6),
        "completion_time": round(completion / 300, 6),
        "total_time": round(prompt / 10_000 + completion / 300, 6),
        "prompt_cache_hit_tokens": 0,
        "prompt_cache_miss_tokens": prompt,
    }
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **{name: own[name] for name in provider.usage_fields},
    }
