"""Reading sums: exact at any moment, whatever is summed up already.

The database adds up; what comes out has as many rows as there are slots and groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from activity.dimensions import Dimension
from activity.measures import (
    FIRST_CONTENT_BUCKET,
    HAS_FIRST_CONTENT,
    OF_GENERATIONS,
    OF_HOURS,
    SUM_NAMES,
    Totals,
    bisected,
    totals,
)
from activity.models import FirstContentHour, UsageHour, Watermark
from activity.scope import Scope
from activity.sources import Sources, sources
from billing.models import Generation, LateHour

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Group = tuple[Any, ...]  # values of a dimension's columns
Cells = dict[tuple[int, Group], Totals]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader: whose figures, and which hours have sums that may be used.

    What is summed up meanwhile does no harm; hours that turn late meanwhile are read as they were.
    """

    scope: Scope
    until: datetime
    late: frozenset[datetime]

    @staticmethod
    def of(scope: Scope) -> Reading:
        watermark = Watermark.objects.first()
        late = LateHour.objects.filter(user_id=scope.user_id).values_list("hour", flat=True)
        return Reading(scope, watermark.until if watermark else NEVER, frozenset(late.distinct()))

    def usage(
        self,
        begin: datetime,
        end: datetime,
        *,
        edges: Sequence[datetime] = (),
        dimension: Dimension | None = None,
        top: Sequence[Group] | None = None,
    ) -> Cells:
        """Totals by slot and group: slot 0 is before the first of the ascending `edges`.

        Groups are values of the dimension; with `top`, the place in it, `len(top)` for others.
        """
        cells: defaultdict[tuple[int, Group], list[Totals]] = defaultdict(list)
        where = self._sources(begin, end, edges)
        for rows, time, measures, is_raw in (
            (self._hours(UsageHour, where), "hour", OF_HOURS, False),
            (self._generations(where), "created_at", OF_GENERATIONS, True),
        ):
            if rows is None:
                continue
            rows, names = _grouped(rows, dimension, top, is_raw=is_raw)
            rows = rows.annotate(slot=bisected(time, edges, "lt")).values("slot", *names)
            sums = rows.annotate(**measures).order_by()
            for slot, *rest in sums.values_list("slot", *names, *SUM_NAMES):
                group = tuple(rest[: len(names)])
                cells[slot, group].append(totals(rest[len(names) :]))
        return {cell: Totals.sum(parts) for cell, parts in cells.items()}

    def first_content(
        self, begin: datetime, end: datetime, *, edges: Sequence[datetime] = ()
    ) -> dict[int, dict[int, int]]:
        """Histograms of the milliseconds until the first content of streams, by slot."""
        found: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        where = self._sources(begin, end, edges)
        queries: list[QuerySet[Any, Any]] = []
        if (hours := self._hours(FirstContentHour, where)) is not None:
            rows = hours.annotate(slot=bisected("hour", edges, "lt")).values("slot", "bucket")
            queries.append(rows.annotate(count=Sum("streams")))
        if (generations := self._generations(where)) is not None:
            rows = generations.filter(HAS_FIRST_CONTENT).annotate(
                slot=bisected("created_at", edges, "lt"), bucket=FIRST_CONTENT_BUCKET
            )
            queries.append(rows.values("slot", "bucket").annotate(count=Count("pk")))
        for query in queries:
            for slot, bucket, count in query.order_by().values_list("slot", "bucket", "count"):
                found[slot][bucket] += count
        return {slot: dict(counts) for slot, counts in found.items()}

    def _sources(self, begin: datetime, end: datetime, edges: Sequence[datetime]) -> Sources:
        return sources(begin, end, edges=edges, until=self.until, late=self.late)

    def _hours(self, model: type[Any], where: Sources) -> QuerySet[Any, Any] | None:
        if where.summed is None:
            return None
        first, last = where.summed
        rows: QuerySet[Any, Any] = model.objects.filter(
            self.scope.where, hour__gte=first, hour__lt=last
        )
        return rows.exclude(hour__in=where.left_out) if where.left_out else rows

    def _generations(self, where: Sources) -> QuerySet[Any, Any] | None:
        if not where.raw:
            return None
        spans = [Q(created_at__gte=begin, created_at__lt=end) for begin, end in where.raw]
        return Generation.objects.filter(self.scope.where, reduce(or_, spans))


def _grouped(
    rows: QuerySet[Any, Any],
    dimension: Dimension | None,
    top: Sequence[Group] | None,
    *,
    is_raw: bool,
) -> tuple[QuerySet[Any, Any], tuple[str, ...]]:
    """The rows with the columns to group by, and the names of these."""
    if dimension is None:
        return rows, ()
    columns = dimension.of_generations if is_raw else dimension.of_hours
    if top is None:
        return rows, columns
    place: Combinable = dimension.place(columns, top)
    return rows.annotate(place=place), ("place",)
