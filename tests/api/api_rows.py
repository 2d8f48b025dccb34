"""Builders of rows for the tests of the API: plain functions, each field with a default."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime

from django.db import transaction

from accounts import keys
from accounts.models import User
from billing.models import Account, Generation, KeyBudget, Transfer
from catalog import models as catalog_rows
from openrouter_site.money import parse_amount, parse_price
from routing import statistic_rows
from routing.figures import Tally
from routing.histogram import Histogram

_numbers = itertools.count(1)
NOW = datetime(2024, 5, 15, 12, 0, tzinfo=UTC)  # a Wednesday


def person(name="alice", **fields):
    return User.objects.create_user(f"{name}@example.com", **fields)


def bearer(key):
    """Headers of the test client for a request with this key."""
    return {"authorization": f"Bearer {key}"}


def key_of(user, **fields):
    """(row, key, headers) of a new key."""
    row, key = keys.create(user, **fields)
    return row, key, bearer(key)


def account(user, dollars="0", held="0", **fields):
    return Account.objects.create(
        id=f"user:{user.pk}",
        posted_nano=parse_amount(dollars),
        held_nano=parse_amount(held),
        **fields,
    )


def budget(key_row, limit=None, spent="0", spent_total=None, held="0", **fields):
    return KeyBudget.objects.create(
        key=key_row,
        limit_nano=None if limit is None else parse_amount(limit),
        spent_nano=parse_amount(spent),
        spent_total_nano=parse_amount(spent if spent_total is None else spent_total),
        held_nano=parse_amount(held),
        **fields,
    )


def transfer(debit, credit, dollars, kind="grant"):
    number = next(_numbers)
    return Transfer.objects.create(
        id=f"test:{number}",
        debit=debit,
        credit=credit,
        amount_nano=parse_amount(dollars),
        kind=kind,
        ref=f"ref-{number}",
        created_at=NOW,
    )


def generation(user, key_row=None, dollars="0", created_at=NOW, **fields):
    values = {
        "id": f"gen-1715774400-{next(_numbers):020d}",
        "model": "openai/gpt-4-32k",
        "streamed": False,
        "usage_source": "upstream",
        "tokens_prompt": 24,
        "tokens_completion": 29,
        "native_tokens_prompt": 25,
        "native_tokens_completion": 30,
    }
    return Generation.objects.create(
        user=user,
        key=key_row,
        cost_nano=parse_amount(dollars),
        created_at=created_at,
        **(values | fields),
    )


def provider(name="OpenAI", slug="openai", **fields):
    return catalog_rows.Provider.objects.create(
        name=name, slug=slug, base_url=f"https://{slug}.example/v1", **fields
    )


def model(slug="openai/gpt-4", context_length=8192, **fields):
    values = {
        "name": slug,
        "max_completion_tokens": 4096,
        "supported_parameters": ["temperature", "max_tokens"],
    }
    return catalog_rows.Model.objects.create(
        slug=slug, context_length=context_length, **(values | fields)
    )


def endpoint(model_row, provider_row, prompt="0.00003", completion="0.00006", **fields):
    values = {"upstream_model": model_row.slug, "context_length": model_row.context_length or 0}
    return catalog_rows.Endpoint.objects.create(
        model=model_row,
        provider=provider_row,
        price_prompt_pico=parse_price(prompt),
        price_completion_pico=parse_price(completion),
        **(values | fields),
    )


def small_catalog():
    """Two providers and four models: GPT-4 at both, a free one, the router, and Shap-e."""
    with transaction.atomic():
        catalog_rows.bump_version()
        openai, azure = provider(), provider("Azure", "azure")
        gpt4 = model("openai/gpt-4", name="OpenAI: GPT-4")
        endpoint(gpt4, openai, supported_parameters=["temperature", "tools", "tool_choice"])
        endpoint(gpt4, azure, "0.00004", "0.00008", is_moderated=True, quantization="fp16")
        free = model("mistralai/mistral-7b-instruct:free", 32768, variant="free")
        endpoint(free, azure, "0", "0", discount_percent=100, list_price_prompt_pico=200_000,
                 list_price_completion_pico=200_000)  # fmt: skip
        model("openrouter/auto", 200_000, kind="router", routes_to=["openai/gpt-4"])
        shape = model(
            "openai/shap-e", None, kind="media", output_modalities=["3d"],
            media_pricing={"usd": "0.01", "unit": "32 steps", "steps": 32},
            supported_parameters=[], max_completion_tokens=None,
        )  # fmt: skip
        endpoint(shape, openai, "0", "0")


def histogram(samples):
    made = Histogram()
    for sample in samples:
        made.add(sample)
    return made


def statistic(endpoint, succeeded=0, failed=0, latency_s=(), throughput=()):
    """What one process counted in the minute that is now."""
    tally = Tally(succeeded, failed, 0, histogram(latency_s), histogram(throughput))
    minute = int(time.time() // 60 * 60)
    statistic_rows.write([statistic_rows.row(endpoint.pk, minute, "alice", tally)])


def error_of(answer, code):
    """The `error` of an answer under /api/, once it is what all of them have to be."""
    assert answer.status_code == code, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert "no-store" in answer["Cache-Control"]
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) <= {"code", "message", "metadata"}
    assert error["code"] == code
    return error
