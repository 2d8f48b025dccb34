"""What a filter lets through as CSV, newest first, made page by page: any size costs little memory.

Amounts are exact decimals, moments ISO 8601 in the account's time zone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from activity import attempts
from activity.filters import Filter, rows
from activity.requests import cursor_of, older_than, status_of
from activity.scope import Scope
from billing.models import Generation
from billing.statement import safe
from openrouter_site.money import format_amount

COLUMNS = (
    "created_at", "id", "model", "provider", "providers_tried", "key", "app_title", "app_referer",
    "status", "finish_reason", "streamed", "own_key", "tokens_prompt", "tokens_completion",
    "native_tokens_prompt", "native_tokens_completion", "native_tokens_reasoning",
    "native_tokens_cached", "first_content_ms", "generation_time_ms", "cost", "upstream_cost",
)  # fmt: skip
PAGE_ROWS = 2_000


def pieces(
    scope: Scope, wanted: Filter, zone: ZoneInfo, *, page_rows: int = PAGE_ROWS
) -> Iterator[str]:
    """The head, then a piece for each page. Blocking; each step in any thread."""
    yield _csv([COLUMNS])
    found = rows(scope, wanted).select_related("key")
    cursor = None
    while page := list(older_than(found, cursor)[:page_rows]):
        yield _csv(_row(generation, zone) for generation in page)
        cursor = cursor_of(page[-1])


def _row(generation: Generation, zone: ZoneInfo) -> tuple[str | int, ...]:
    tried = attempts.path(attempts.parse(generation.attempts))
    return (
        generation.created_at.astimezone(zone).isoformat(timespec="milliseconds"),
        safe(generation.pk),
        safe(generation.model),
        safe(generation.provider_name),
        safe(" > ".join(tried)),
        safe(generation.key.name if generation.key else ""),
        safe(generation.app_title),
        safe(generation.app_referer),
        status_of(generation),
        safe(generation.finish_reason),
        _yes_or_no(generation.streamed),
        _yes_or_no(generation.is_byok),
        generation.tokens_prompt,
        generation.tokens_completion,
        generation.native_tokens_prompt,
        generation.native_tokens_completion,
        generation.native_tokens_reasoning,
        generation.native_tokens_cached,
        _or_empty(generation.latency_ms),
        _or_empty(generation.generation_time_ms),
        format_amount(generation.cost_nano),
        format_amount(generation.upstream_cost_nano),
    )


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _or_empty(count: int | None) -> str | int:
    return "" if count is None else count


def _csv(lines: Iterable[Iterable[str | int]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue()
