"""`make bench-models`: what the list of models costs the server, with 2,000 models.

Fills an SQLite file that is deleted after with generated models, their endpoints, a month of
statistics and of usage, and times answers of the whole stack (middleware, view, template) for one
visitor, by the clock and by this process' own time on the processor. On a machine that others use,
only the latter says what a page costs.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_TARGET_MS = 100
_PAGES = {
    "all": "",
    "last page": "?page=999",
    "words": "?q=llama+7b",
    "filters": "?input=image&price=low&context=32k&policy=no-training&supports=tools",
    "providers": "?provider=provider-1&provider=provider-2&author=author-3",
    "nothing found": "?q=nothing+like+it&context=128k",
    "by price": "?sort=price",
    "by throughput": "?sort=throughput",
    "by latency": "?sort=latency",
    "four to compare": "?m=author-0/llama-0&m=author-1/llama-1",
    "chart": "?view=chart",
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--folder", help="where SQLite's file is made")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="bench-models-", dir=given.folder) as folder:
        os.environ |= {
            "DATABASE_URL": f"sqlite:///{folder}/models.sqlite3",
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "openrouter_site.settings",
            "LOG_LEVEL": "ERROR",
        }
        import django

        django.setup()
        fill(given.models)
        measure(given.repeats)


# --- The catalog -------------------------------------------------------------------------------

_FAMILIES = ("llama", "mixtral", "gemma", "qwen", "command", "hermes", "yi", "phi")
_PARAMETERS = ["temperature", "top_p", "max_tokens", "stop", "seed", "tools", "response_format",
               "logprobs", "top_k", "min_p", "frequency_penalty", "presence_penalty"]  # fmt: skip


def fill(count: int) -> None:
    from django.core.management import call_command
    from django.db import transaction

    from catalog import models as rows

    call_command("migrate", interactive=False, verbosity=0)
    draw = random.Random(7)
    with transaction.atomic():
        rows.bump_version()
        providers = rows.Provider.objects.bulk_create(_provider(rows, n, draw) for n in range(40))
        models = rows.Model.objects.bulk_create(_model(rows, n, draw) for n in range(count))
        endpoints = rows.Endpoint.objects.bulk_create(
            _endpoint(rows, model, provider, draw)
            for model in models
            for provider in draw.sample(providers, draw.choice((1, 1, 2, 3, 5)))
        )
    _fill_statistics([each.pk for each in endpoints], draw)
    _fill_usage([model.slug for model in models], draw)
    print(f"{len(models):,} models, {len(endpoints):,} endpoints, {len(providers)} providers\n")


def _provider(rows: Any, number: int, draw: random.Random) -> Any:
    return rows.Provider(
        slug=f"provider-{number}", name=f"Provider {number}",
        base_url=f"https://provider-{number}.example/v1", auth_kind="none",
        may_train=number % 5 == 0, retains_prompts=number % 3 == 0,
    )  # fmt: skip


def _model(rows: Any, number: int, draw: random.Random) -> Any:
    family = _FAMILIES[number % len(_FAMILIES)]
    # Every tenth is a variant of the one before it.
    base = number - 1 if number % 10 == 9 else number
    slug = f"author-{base % 80}/{_FAMILIES[base % len(_FAMILIES)]}-{base}"
    is_variant = base != number
    return rows.Model(
        slug=f"{slug}:free" if is_variant else slug,
        name=f"{family.title()} {number} {draw.choice((7, 13, 34, 70))}B Instruct",
        variant="free" if is_variant else "", base_slug=slug if is_variant else "",
        created=1_690_000_000 + 40_000 * number,
        context_length=draw.choice((4096, 8192, 32_768, 131_072, 1_000_000)),
        max_completion_tokens=4096, is_moderated=number % 7 == 0,
        input_modalities=["text", "image"] if number % 4 == 0 else ["text"],
        supported_parameters=draw.sample(_PARAMETERS, 8),
    )  # fmt: skip


def _endpoint(rows: Any, model: Any, provider: Any, draw: random.Random) -> Any:
    price_pico = 0 if model.variant else draw.choice((100_000, 590_000, 3_000_000, 15_000_000))
    return rows.Endpoint(
        model=model, provider=provider, upstream_model=model.slug,
        price_prompt_pico=price_pico, price_completion_pico=2 * price_pico,
        context_length=model.context_length, supported_parameters=model.supported_parameters,
    )  # fmt: skip


def _fill_statistics(endpoint_ids: list[int], draw: random.Random) -> None:
    """An hour of every third day: what is read of it are days."""
    from routing import statistic_rows
    from routing.figures import Tally
    from routing.models import EndpointStatistic

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    made = []
    for id in endpoint_ids:
        speed = draw.uniform(10, 150)
        for ago in range(1, 30, 3):
            counted = Tally(succeeded=40, failed=draw.choice((0, 0, 0, 1, 6)))
            for _ in range(12):
                counted.latency.add(draw.uniform(0.2, 3))
                counted.throughput.add(speed * draw.uniform(0.7, 1.4))
            starts_s = int((today - timedelta(days=ago)).timestamp())
            made.append(statistic_rows.row(id, starts_s, "", counted, statistic_rows.HOUR_S))
    EndpointStatistic.objects.bulk_create(made, batch_size=5000)


def _fill_usage(model_ids: list[str], draw: random.Random) -> None:
    from rankings.models import ModelDay

    today = datetime.now(UTC).date()
    ModelDay.objects.bulk_create(
        (
            ModelDay(
                model=id,
                day=today - timedelta(days=ago),
                requests=100,
                tokens=draw.randint(0, 10**7),
            )
            for id in model_ids
            for ago in range(30)
        ),
        batch_size=5000,
    )


# --- The answers -------------------------------------------------------------------------------


def measure(repeats: int) -> None:
    from django.test import Client

    visitor = Client(HTTP_HOST="localhost")
    slowest_ms = 0.0
    print("| page | first ms | median ms | fastest ms | processor ms | kB |")
    print("|---|---|---|---|---|---|")
    for name, query in _PAGES.items():
        for kind, headers in (("", {}), (", htmx", {"HX-Request": "true"})):
            times, costs = [], []
            for _ in range(repeats):
                began_s, spent_s = time.perf_counter(), time.process_time()
                answer = visitor.get(f"/models{query}", headers=headers)
                times.append((time.perf_counter() - began_s) * 1000)
                costs.append((time.process_time() - spent_s) * 1000)
                assert answer.status_code == 200, answer.status_code
            median_ms = statistics.median(costs)
            slowest_ms = max(slowest_ms, median_ms)
            print(
                f"| {name}{kind} | {times[0]:.0f} | {statistics.median(times):.0f} |"
                f" {min(times):.0f} | {median_ms:.0f} | {len(answer.content) / 1000:.0f} |",
                flush=True,
            )
    print(
        f"\nMost processor time, as the median: {slowest_ms:.0f} ms (target: {_TARGET_MS} ms)."
        f" Load of the last minute, on {os.cpu_count()} processors: {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
