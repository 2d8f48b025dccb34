"""People and generations, written as the money writer writes them; and sums made the long way."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from accounts import keys
from accounts.models import User
from activity.histogram import bucket_of
from activity.measures import Totals
from activity.models import FirstContentDay, FirstContentHour, UsageDay, UsageHour
from activity.reading import Reading
from activity.scope import Scope
from activity.sources import day_of
from billing import book_rows
from billing.book import Book, GenerationRow
from billing.late import hour_of
from billing.models import Generation
from openrouter_site.database import PostgresqlConnection, SqliteConnection

NOW = datetime(2024, 5, 15, 12, 20, 30, tzinfo=UTC)  # a Wednesday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_serial = itertools.count(1)


@dataclass(frozen=True)
class Person:
    user_id: int
    key_ids: tuple[int, ...]

    @property
    def scope(self):
        return Scope(self.user_id)

    @property
    def reading(self):
        return Reading.of(self.scope)


def person(name="alice", key_count=2):
    user = User.objects.create_user(f"{name}@example.com")
    made = [keys.create(user, f"{name}'s key {number}")[0] for number in range(1, key_count + 1)]
    return Person(user.pk, tuple(row.pk for row in made))


def generation(person, created_at=NOW, key=0, **fields):
    values = {
        "id": f"gen-{next(_serial):08d}",
        "model": "openai/gpt-4",
        "provider_name": "OpenAI",
        "streamed": True,
        "finish_reason": "stop",
        "tokens_prompt": 10,
        "tokens_completion": 20,
        "native_tokens_prompt": 11,
        "native_tokens_completion": 22,
        "cost_nano": 1_000_000,
        "latency_ms": 400,
        "generation_time_ms": 2_400,
    }
    key_id = None if key is None else person.key_ids[key]
    return GenerationRow(
        user_id=person.user_id, key_id=key_id, created_at=created_at, **(values | fields)
    )


def record(*generations, now=None):
    """Written by the money writer's own code, in the test's transaction; `now` is its clock's.

    Left out: at once, so that none is late.
    """
    book = Book(now=now or min(each.created_at for each in generations))
    book.generations = {each.id: each for each in generations}
    book_rows.store(_writers_connection(), book)


def _writers_connection():
    connection.ensure_connection()
    kind = PostgresqlConnection if connection.vendor == "postgresql" else SqliteConnection
    made = kind.__new__(kind)
    made._raw = connection.connection
    return made


# --- The long way: from the generations, one by one ----------------------------------------------


def totals_of(generations):
    found = list(generations)
    failed = sum(each.finish_reason == "error" for each in found)
    cancelled = sum(each.cancelled and each.finish_reason != "error" for each in found)
    sums = (
        sum(getattr(each, name) for each in found)
        for name in (
            "is_byok", "tokens_prompt", "tokens_completion", "native_tokens_prompt",
            "native_tokens_completion", "cost_nano", "upstream_cost_nano",
        )
    )  # fmt: skip
    return Totals(len(found), failed, cancelled, *sums)


def cells_of(scope, begin, end, edges=(), columns=()):
    """What Reading.usage has to say."""
    cells = defaultdict(list)
    for each in _within(scope, begin, end):
        group = tuple(getattr(each, column) for column in columns)
        cells[bisect_right(edges, each.created_at), group].append(each)
    return {cell: totals_of(found) for cell, found in cells.items()}


def first_content_of(scope, begin, end, edges=()):
    found = defaultdict(Counter)
    for each in _within(scope, begin, end):
        if each.streamed and each.latency_ms is not None:
            found[bisect_right(edges, each.created_at)][bucket_of(each.latency_ms)] += 1
    return {slot: dict(counts) for slot, counts in found.items()}


def _within(scope, begin, end):
    for each in Generation.objects.filter(scope.where):
        if begin <= each.created_at < end:
            yield each


def sums():
    """Every row of sums: hours, days, and both of the first content."""
    return tuple(map(_usage_rows, (UsageHour, UsageDay))) + tuple(
        map(_stream_rows, (FirstContentHour, FirstContentDay))
    )


def _usage_rows(model):
    return {
        (
            row.begins_at, row.user_id, row.key_id, row.model, row.provider_name, row.app.referer,
            row.app.title,
        ): Totals(*(getattr(row, name) for name in Totals.__slots__))
        for row in model.objects.select_related("app")
    }  # fmt: skip


def _stream_rows(model):
    rows = model.objects.values_list("begins_at", "user_id", "key_id", "bucket", "streams")
    return {tuple(key): streams for *key, streams in rows}


def sums_of(until):
    """What `sums` have to be when all is summed up that ended by then."""
    hours, days = _sums_of(hour_of, until), _sums_of(day_of, day_of(until))
    return hours[0], days[0], hours[1], days[1]


def _sums_of(unit_of, until):
    usage, streams = defaultdict(list), Counter()
    for each in Generation.objects.filter(created_at__lt=until):
        at = unit_of(each.created_at)
        usage[
            at, each.user_id, each.key_id, each.model, each.provider_name, each.app_referer,
            each.app_title,
        ].append(each)  # fmt: skip
        if each.streamed and each.latency_ms is not None:
            streams[at, each.user_id, each.key_id, bucket_of(each.latency_ms)] += 1
    return {key: totals_of(found) for key, found in usage.items()}, dict(streams)
