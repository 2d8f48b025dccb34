"""Taking sums: of one hour from generations, of one day from its hours. The database does it all.

To be called in a transaction. Sums that there are already give way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    DateTimeField,
    F,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)

from activity.measures import (
    FIRST_CONTENT_BUCKET,
    HAS_FIRST_CONTENT,
    MEASURES,
    OF_GENERATIONS,
    OF_SUMS,
    SUM_NAMES,
)
from activity.models import (
    App,
    FirstContentDay,
    FirstContentHour,
    SummedDay,
    Sums,
    UsageDay,
    UsageHour,
)
from activity.sources import DAY, HOUR
from billing.models import Generation

_USAGE_COLUMNS = ("begins_at", "user_id", "key_id", "model", "provider_name", "app_id", *MEASURES)
_FIRST_CONTENT_COLUMNS = ("begins_at", "user_id", "key_id", "bucket", "streams")
Rows = QuerySet[Any, Any]


def take_hour(hour: datetime, user_ids: Sequence[int]) -> None:
    """What these users' generations of the hour add up to."""
    generations = Generation.objects.filter(
        user_id__in=user_ids, created_at__gte=hour, created_at__lt=hour + HOUR
    )
    names = generations.values_list("app_referer", "app_title").distinct()
    App.objects.bulk_create(
        [App(referer=referer, title=title) for referer, title in names], ignore_conflicts=True
    )
    app = App.objects.filter(referer=OuterRef("app_referer"), title=OuterRef("app_title"))
    rows = generations.annotate(begun=_moment(hour), app=Subquery(app.values("pk")))
    group = ("begun", "user_id", "key_id", "model", "provider_name", "app")
    _insert_usage(UsageHour, rows, group, OF_GENERATIONS)
    streams = generations.filter(HAS_FIRST_CONTENT).annotate(
        begun=_moment(hour), place=FIRST_CONTENT_BUCKET
    )
    _insert_first_content(FirstContentHour, streams, "place", Count("pk"))


def take_day(day: datetime, user_ids: Sequence[int] | None = None) -> None:
    """What the hours of the day add up to, of all users or of these."""
    forget(UsageDay, day, user_ids)
    forget(FirstContentDay, day, user_ids)
    group = ("begun", "user_id", "key_id", "model", "provider_name", "app_id")
    _insert_usage(UsageDay, _hours_of(UsageHour, day, user_ids), group, OF_SUMS)
    streams = _hours_of(FirstContentHour, day, user_ids)
    _insert_first_content(FirstContentDay, streams, "bucket", Sum("streams"))
    SummedDay.objects.bulk_create([SummedDay(begins_at=day)], ignore_conflicts=True)
    SummedDay.objects.filter(pk=day).update(times=F("times") + 1)


def forget(model: type[Sums], begins_at: datetime, user_ids: Sequence[int] | None) -> None:
    rows = model._default_manager.filter(begins_at=begins_at)
    (rows if user_ids is None else rows.filter(user_id__in=user_ids)).delete()


def _hours_of(model: type[Sums], day: datetime, user_ids: Sequence[int] | None) -> Rows:
    rows = model._default_manager.filter(begins_at__gte=day, begins_at__lt=day + DAY)
    rows = rows if user_ids is None else rows.filter(user_id__in=user_ids)
    return rows.annotate(begun=_moment(day))


def _moment(at: datetime) -> Value:
    return Value(at, output_field=DateTimeField())


def _insert_usage(
    model: type[Model], rows: Rows, group: tuple[str, ...], measures: dict[str, Any]
) -> None:
    sums = rows.values(*group).annotate(**measures).order_by()
    _insert(model, _USAGE_COLUMNS, sums.values_list(*group, *SUM_NAMES))


def _insert_first_content(model: type[Model], rows: Rows, bucket: str, count: Any) -> None:
    group = ("begun", "user_id", "key_id", bucket)
    counts = rows.values(*group).annotate(count=count).order_by()
    _insert(model, _FIRST_CONTENT_COLUMNS, counts.values_list(*group, "count"))


def _insert(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """INSERT ... SELECT, which the ORM has no words for: nothing passes through this process."""
    sql, parameters = rows.query.sql_with_params()
    table, names = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {sql}", parameters)
