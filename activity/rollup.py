"""Generations become sums of hours: each hour when it is over, and anew when something came late.
And sums of hours become sums of days, when the day is over.

An hour that is over for `SUMMED_AFTER` gets no more generations but late ones, and these leave a
note in the transaction that records them (billing.late). So no request pays for this, and nothing
is missed: who takes an hour anew deletes the notes he sees before he reads, never after.

Hours are taken one by one, each in a short transaction: in SQLite the money writer waits for them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Min, OuterRef, QuerySet, Subquery

from accounts.models import User
from activity.models import FirstContentHour, UsageHour, Watermark
from activity.reading import NEVER
from activity.sources import DAY, HOUR, day_of
from activity.taking import forget, take_day, take_hour
from billing.late import SUMMED_AFTER, hour_of
from billing.models import Generation, LateHour

_USERS_AT_ONCE = 500

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
    """Take every hour that has sums, or should have, anew: how many. Pages go on meanwhile."""
    count, hour, last = 0, NEVER, None
    while True:
        with transaction.atomic():
            until = _locked().until
            hour = min(_first_hour(hour) or until, _first_summed(hour) or until)
            if last is not None and (hour >= until or day_of(hour) != day_of(last)):
                _take_days({day_of(last)}, until)
            if hour >= until:
                return count
            _take(hour)
        progress(hour)
        count, last, hour = count + 1, hour, hour + HOUR


def _locked() -> Watermark:
    """Our row, locked: one roll-up at a time."""
    Watermark.objects.get_or_create(pk=1, defaults={"until": NEVER})
    return Watermark.objects.select_for_update().get(pk=1)


def _advance(until: datetime, progress: Progress) -> int:
    count = 0
    while True:
        with transaction.atomic():
            watermark = _locked()
            begin = watermark.until
            if begin >= until:
                return count
            hour = _first_hour(begin) or until
            if hour < until:
                _take(hour)
            # Nothing happened in the hours between, so they are done as well.
            watermark.until = min(hour + HOUR, until)
            watermark.save(update_fields=["until"])
            _take_days({day_of(begin), day_of(hour)}, watermark.until)
        if hour < until:
            progress(hour)
            count += 1


def _take_late(progress: Progress) -> int:
    count = 0
    while True:
        with transaction.atomic():
            until = _locked().until
            summed = LateHour.objects.filter(hour__lt=until)
            late = summed.order_by("hour", "user_id").values_list("user_id", "hour").first()
            if late is None:
                return count
            user_id, hour = late
            # First: what is recorded from now on leaves a note that stays.
            summed.filter(user_id=user_id, hour=hour).delete()
            _take(hour, [user_id])
            _take_days({day_of(hour)}, until, [user_id])
        progress(hour)
        count += 1


def _take(hour: datetime, user_ids: list[int] | None = None) -> None:
    """Sums of the hour, of all users or of these, in the place of those that there are."""
    forget(UsageHour, hour, user_ids)
    forget(FirstContentHour, hour, user_ids)
    users = _active(hour) if user_ids is None else user_ids
    for first in range(0, len(users), _USERS_AT_ONCE):
        take_hour(hour, users[first : first + _USERS_AT_ONCE])


def _take_days(days: set[datetime], until: datetime, user_ids: list[int] | None = None) -> None:
    """Those of them that are over."""
    for day in days:
        if day + DAY <= until:
            take_day(day, user_ids)


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


def _first_summed(since: datetime) -> datetime | None:
    rows = UsageHour.objects.filter(begins_at__gte=since)
    first: datetime | None = rows.aggregate(first=Min("begins_at"))["first"]
    return first


def _active(hour: datetime) -> list[int]:
    since = _users_since(hour).filter(first_at__lt=hour + HOUR)
    return list(since.order_by("pk").values_list("pk", flat=True))
