"""Generations become sums of hours: each hour when it is over, and anew when something came late.

An hour that is over for `SUMMED_AFTER` gets no more generations but late ones, and these leave a
note in the transaction that records them (billing.late). So no request pays for this, and nothing
is missed: who takes an hour anew deletes the notes he sees before he reads, never after.

Hours are taken one by one, each in a short transaction: in SQLite the money writer waits for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count as CountRows
from django.db.models import F, Min, OuterRef, QuerySet, Subquery

from accounts.models import User
from activity.measures import (
    FIRST_CONTENT_BUCKET,
    HAS_FIRST_CONTENT,
    MEASURES,
    OF_GENERATIONS,
    SUM_NAMES,
    totals,
)
from activity.models import App, FirstContentHour, UsageHour, Watermark
from activity.reading import NEVER
from activity.sources import HOUR
from billing.late import SUMMED_AFTER, hour_of
from billing.models import Generation, LateHour

_USERS_AT_ONCE = 500
_ROWS_AT_ONCE = 500
_GROUP = ("user_id", "key_id", "model", "provider_name", "app_referer", "app_title")

Progress = Callable[[datetime], None]


def _no_progress(_hour: datetime) -> None:
    return


def roll_up(now: datetime | None = None, progress: Progress = _no_progress) -> int:
    """Sum up every hour that is over for long enough, and late ones anew: how many hours.

    Raises the database's errors. Safe to run twice, at once or broken off. `progress` is called
    with each hour that is done.
    """
    until = hour_of((now or datetime.now(UTC)) - SUMMED_AFTER)
    return _advance(until, progress) + _take_late(progress)


def rebuild(progress: Progress = _no_progress) -> int:
    """Take every hour that has sums, or should have, anew: how many. Pages stay right meanwhile."""
    count, hour = 0, NEVER
    while True:
        with transaction.atomic():
            until = _locked().until
            summed = UsageHour.objects.filter(hour__gte=hour).aggregate(first=Min("hour"))["first"]
            hour = min(_first_hour(hour) or until, summed or until)
            if hour >= until:
                return count
            _take(hour)
        progress(hour)
        count, hour = count + 1, hour + HOUR


def _locked() -> Watermark:
    """Our row, locked: one roll-up at a time."""
    Watermark.objects.get_or_create(pk=1, defaults={"until": NEVER})
    return Watermark.objects.select_for_update().get(pk=1)


def _advance(until: datetime, progress: Progress) -> int:
    count = 0
    while True:
        with transaction.atomic():
            watermark = _locked()
            if watermark.until >= until:
                return count
            hour = _first_hour(watermark.until)
            if hour is None or hour >= until:
                # Nothing happened since.
                watermark.until = until
                watermark.save(update_fields=["until"])
                return count
            _take(hour)
            watermark.until = hour + HOUR
            watermark.save(update_fields=["until"])
        progress(hour)
        count += 1


def _take_late(progress: Progress) -> int:
    count = 0
    while True:
        with transaction.atomic():
            summed = LateHour.objects.filter(hour__lt=_locked().until)
            late = summed.order_by("hour", "user_id").values_list("user_id", "hour").first()
            if late is None:
                return count
            user_id, hour = late
            # First: what is recorded from now on leaves a note that stays.
            # (The money writer's text of a moment in SQLite is another one than the ORM's.)
            summed.filter(user_id=user_id, hour__gte=hour, hour__lt=hour + HOUR).delete()
            _take(hour, [user_id])
        progress(hour)
        count += 1


def _take(hour: datetime, user_ids: list[int] | None = None) -> None:
    """Sums of the hour, of all users or of these, in the place of those that there are."""
    for model in (UsageHour, FirstContentHour):
        old: QuerySet[Any, Any] = model.objects.filter(hour=hour)
        (old if user_ids is None else old.filter(user_id__in=user_ids)).delete()
    users = _active(hour) if user_ids is None else user_ids
    for first in range(0, len(users), _USERS_AT_ONCE):
        generations = Generation.objects.filter(
            user_id__in=users[first : first + _USERS_AT_ONCE],
            created_at__gte=hour,
            created_at__lt=hour + HOUR,
        )
        _insert(hour, generations)


def _insert(hour: datetime, generations: QuerySet[Generation]) -> None:
    grouped = generations.values(*_GROUP).annotate(**OF_GENERATIONS).order_by()
    rows = list(grouped.values_list(*_GROUP, *SUM_NAMES))
    apps = _app_ids({(row[4], row[5]) for row in rows})
    UsageHour.objects.bulk_create(
        (
            UsageHour(
                hour=hour, user_id=row[0], key_id=row[1], model=row[2], provider_name=row[3],
                app_id=apps[row[4], row[5]],
                **dict(zip(MEASURES, totals(row[6:]).values, strict=True)),
            )
            for row in rows
        ),
        batch_size=_ROWS_AT_ONCE,
    )  # fmt: skip
    streams = generations.filter(HAS_FIRST_CONTENT).annotate(bucket=FIRST_CONTENT_BUCKET)
    counts = streams.values("user_id", "key_id", "bucket").annotate(streams=CountRows("pk"))
    FirstContentHour.objects.bulk_create(
        (FirstContentHour(hour=hour, **count) for count in counts.order_by()),
        batch_size=_ROWS_AT_ONCE,
    )


def _app_ids(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Of (referer, title); the rows are made where they are new."""
    ids = {}
    for referer, title in names:
        app, _ = App.objects.get_or_create(referer=referer, title=title)
        ids[referer, title] = app.pk
    return ids


# --- Who was active when: by the index of each user's generations; there is none by time alone ---


def _users_since(hour: datetime) -> QuerySet[Any, Any]:
    """Users with the moment of their first generation from this hour on."""
    theirs = Generation.objects.filter(user_id=OuterRef("pk"), created_at__gte=hour)
    first = theirs.order_by("created_at").values("created_at")[:1]
    return User.objects.annotate(first_at=Subquery(first))


def _first_hour(since: datetime) -> datetime | None:
    """The first hour with generations, from `since` on."""
    first = _users_since(since).aggregate(first=Min(F("first_at")))["first"]
    return None if first is None else hour_of(first)


def _active(hour: datetime) -> list[int]:
    since = _users_since(hour).filter(first_at__lt=hour + HOUR)
    return list(since.order_by("pk").values_list("pk", flat=True))
