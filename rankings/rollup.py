"""Days of usage become days of the rankings: each when it is over, and anew when it changed.

activity counts how often it took a day (SummedDay); here is noted which of these was read. So a day
is taken again after a late settlement, and nothing else is; running twice, or at once, does no
harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from activity.models import SummedDay, UsageDay
from rankings.identity import Identity, identity_of
from rankings.models import AppDay, ModelDay, RankedApp, TakenDay

Progress = Callable[[date], None]
_ROWS_AT_ONCE = 500


def _no_progress(_day: date) -> None:
    return


def roll_up(progress: Progress = _no_progress) -> int:
    """Take every day that changed since it was taken: how many. Raises the database's errors."""
    taken = dict(TakenDay.objects.values_list("day", "times"))
    count = 0
    for begins_at, times in SummedDay.objects.order_by("begins_at").values_list():
        day = begins_at.astimezone(UTC).date()
        if taken.get(day) != times:
            _take(day)
            progress(day)
            count += 1
    return count


def rebuild(progress: Progress = _no_progress) -> int:
    """Take every day anew."""
    TakenDay.objects.update(times=0)
    return roll_up(progress)


@transaction.atomic
def _take(day: date) -> None:
    """In the place of what there is. The version is read before the sums: if they change meanwhile,
    the day is taken again."""
    TakenDay.objects.get_or_create(pk=day)
    row = TakenDay.objects.select_for_update().get(pk=day)
    midnight = datetime.combine(day, time.min, UTC)
    row.times = SummedDay.objects.get(pk=midnight).times
    usage = UsageDay.objects.filter(begins_at=midnight)
    ModelDay.objects.filter(day=day).delete()
    AppDay.objects.filter(day=day).delete()
    models = _summed(usage, "model").exclude(model="")
    ModelDay.objects.bulk_create(
        [
            ModelDay(day=day, model=model, requests=requests, tokens=tokens)
            for model, requests, tokens in models
        ],
        batch_size=_ROWS_AT_ONCE,
    )
    _take_apps(day, usage)
    row.save()


def _summed(usage: QuerySet[UsageDay, UsageDay], *columns: str) -> QuerySet[Any, Any]:
    """The columns, then requests and tokens."""
    sums = usage.values(*columns).annotate(
        all_requests=Sum("requests"),
        all_tokens=Sum(F("tokens_prompt") + F("tokens_completion")),
    )
    found: QuerySet[Any, Any] = sums.order_by().values_list(*columns, "all_requests", "all_tokens")
    return found


def _take_apps(day: date, usage: QuerySet[UsageDay, UsageDay]) -> None:
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    titles: defaultdict[Identity, int] = defaultdict(int)
    named = usage.exclude(app__referer="").exclude(model="")
    for referer, title, model, requests, tokens in _summed(
        named, "app__referer", "app__title", "model"
    ):
        found = identity_of(referer, title)
        if found is None:
            continue
        sums[found.key, model][0] += int(requests)
        sums[found.key, model][1] += int(tokens)
        titles[found] += int(tokens)
    apps = _apps(day, titles)
    AppDay.objects.bulk_create(
        [
            AppDay(day=day, app_id=apps[key], model=model, requests=requests, tokens=tokens)
            for (key, model), (requests, tokens) in sums.items()
        ],
        batch_size=_ROWS_AT_ONCE,
    )


def _apps(day: date, titles: Mapping[Identity, int]) -> dict[str, int]:
    """Rows of these apps by identity. An app has the title that it used most on its latest day."""
    best: dict[str, Identity] = {}
    for each in sorted(titles, key=lambda each: (titles[each], each.title)):
        if each.title or each.key not in best:
            best[each.key] = each
    RankedApp.objects.bulk_create(
        [RankedApp(identity=each.key, origin=each.origin) for each in best.values()],
        ignore_conflicts=True,
        batch_size=_ROWS_AT_ONCE,
    )
    rows = RankedApp.objects.filter(identity__in=list(best))
    renamed = []
    for row in rows:
        title = best[row.identity].title
        if title and (row.titled_on is None or row.titled_on <= day):
            row.title, row.titled_on = title, day
            renamed.append(row)
    RankedApp.objects.bulk_update(renamed, ["title", "titled_on"], batch_size=_ROWS_AT_ONCE)
    return {row.identity: row.pk for row in rows}
