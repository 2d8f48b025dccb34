"""What the answers of a chat cost, as they were charged; what nobody knows is not zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billing.models import Generation
from openrouter_site.money import format_amount
from playground.models import Message

_IDS_AT_ONCE = 500


def by_message(messages: Sequence[Message]) -> dict[str, int | None]:
    """Nano-dollars of each, from its row, or from the books where the row does not say it yet."""
    unknown = [
        each.generation_id for each in messages if each.cost_nano is None and each.generation_id
    ]
    booked: dict[str, int] = {}
    for start in range(0, len(unknown), _IDS_AT_ONCE):
        rows = Generation.objects.filter(pk__in=unknown[start : start + _IDS_AT_ONCE])
        booked.update(rows.values_list("pk", "cost_nano"))
    return {
        each.pk: booked.get(each.generation_id) if each.cost_nano is None else each.cost_nano
        for each in messages
    }


def total(costs: Iterable[int | None]) -> str:
    """In dollars."""
    return format_amount(sum(cost for cost in costs if cost is not None))


def written(cost_nano: int | None) -> str | None:
    return None if cost_nano is None else format_amount(cost_nano)
