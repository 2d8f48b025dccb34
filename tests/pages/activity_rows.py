"""Builders of rows for the tests of pages: plain functions, each field with a default."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from accounts import keys
from accounts.models import User
from billing.models import Generation
from openrouter_site.money import parse_amount

_numbers = itertools.count(1)


def person(name="alice", **fields):
    return User.objects.create_user(f"{name}@example.com", **fields)


def key_of(user, name="laptop"):
    return keys.create(user, name)[0]


def generation(user, key=None, dollars="0", **fields):
    values = {
        "id": f"gen-page-{next(_numbers):012d}",
        "created_at": datetime.now(UTC) - timedelta(seconds=5),
        "model": "openai/gpt-4",
        "provider_name": "OpenAI",
        "streamed": False,
        "usage_source": "upstream",
        "tokens_prompt": 24,
        "tokens_completion": 29,
        "native_tokens_prompt": 25,
        "native_tokens_completion": 30,
        "finish_reason": "stop",
    }
    return Generation.objects.create(
        user=user, key=key, cost_nano=parse_amount(dollars), **(values | fields)
    )
