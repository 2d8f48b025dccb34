"""Reading sums: exact at any moment, whatever is summed up already.

The database adds up; what comes out has as many rows as there are slots and groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from activity.bisected import Bisected
from activity.dimensions import Dimension
from activity.measures import (
    FIRST_CONTENT_BUCKET,
    HAS_FIRST_CONTENT,
    OF_GENERATIONS,
    OF_SUMS,
    SUM_NAMES,
    Totals,
    totals,
)
from activity.models import (
    FirstContentDay,
    FirstContentHour,
    Sums,
    UsageDay,
    UsageHour,
    Watermark,
)
from activity.scope import Scope
from activity.sources import Sources, Span, sources
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
        for rows in (*self._sums(UsageDay, UsageHour, where), *self._generations(where)):
            is_raw = rows.model is Generation
            grouped, names = _grouped(rows, dimension, top, is_raw=is_raw)
            slots = grouped.annotate(slot=_slot(rows, edges)).values("slot", *names)
            sums = slots.annotate(**OF_GENERATIONS if is_raw else OF_SUMS).order_by()
            for slot, *rest in sums.values_list("slot", *names, *SUM_NAMES):
                group = tuple(rest[: len(names)])
                cells[slot, group].append(totals(rest[len(names) :]))
        found = {cell: Totals.sum(parts) for cell, parts in cells.items()}
        return {cell: sum for cell, sum in found.items() if sum.requests}

    def first_content(
        self, begin: datetime, end: datetime, *, edges: Sequence[datetime] = ()
    ) -> dict[int, dict[int, int]]:
        """Histograms of the milliseconds until the first content of streams, by slot."""
        found: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        where = self._sources(begin, end, edges)
        for rows in (
            *self._sums(FirstContentDay, FirstContentHour, where),
            *self._generations(where),
        ):
            count: Combinable = Sum("streams")
            slots = rows.annotate(slot=_slot(rows, edges))
            if rows.model is Generation:
                slots = slots.filter(HAS_FIRST_CONTENT).annotate(bucket=FIRST_CONTENT_BUCKET)
                count = Count("pk")
            counts = slots.values("slot", "bucket").annotate(count=count).order_by()
            for slot, bucket, streams in counts.values_list("slot", "bucket", "count"):
                found[slot][bucket] += int(streams)
        return {slot: dict(counts) for slot, counts in found.items()}

    def _sources(self, begin: datetime, end: datetime, edges: Sequence[datetime]) -> Sources:
        return sources(begin, end, edges=edges, until=self.until, late=self.late)

    def _sums(
        self, days: type[Sums], hours: type[Sums], where: Sources
    ) -> Iterator[QuerySet[Any, Any]]:
        for model, tier in ((days, where.days), (hours, where.hours)):
            if tier.spans:
                rows = model._default_manager.filter(self.scope.where, _in("begins_at", tier.spans))
                yield rows.exclude(begins_at__in=tier.left_out) if tier.left_out else rows

    def _generations(self, where: Sources) -> Iterator[QuerySet[Any, Any]]:
        if where.raw:
            yield Generation.objects.filter(self.scope.where, _in("created_at", where.raw))


def _in(column: str, spans: Sequence[Span]) -> Q:
    return reduce(
        or_, (Q((f"{column}__gte", begin), (f"{column}__lt", end)) for begin, end in spans)
    )


def _slot(rows: QuerySet[Any, Any], edges: Sequence[datetime]) -> Combinable:
    column = "created_at" if rows.model is Generation else "begins_at"
    return Bisected(column, edges, inclusive=True)


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
    columns = dimension.of_generations if is_raw else dimension.of_sums
    if top is None:
        return rows, columns
    place: Combinable = dimension.place(columns, top)
    return rows.annotate(place=place), ("place",)
