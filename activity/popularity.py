"""How much each model was used lately, by everybody: what lists of models are sorted by.

Sums only, so it costs little whatever happened: the newest hour that has none yet does not count,
nor does yesterday until its day is summed up. An order may be that old.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import django.db
from django.conf import settings
from django.db.models import F, Sum

from activity.models import UsageDay, UsageHour
from activity.sources import day_of
from openrouter_site.cell import CellMap
from openrouter_site.database import orm_connection

logger = logging.getLogger(__name__)

WEEK, MONTH = 7, 30
_TTL_S = 60.0
_STALE_IF_ERROR_S = 3600.0


def tokens_by_model(days: int) -> Mapping[str, int]:
    """Tokens of prompts and answers in the last `days`, by model id; empty if nobody can tell."""
    try:
        return _cells.get_blocking(str(days))
    except django.db.Error as error:
        logger.warning("the use of models cannot be read: %s", error)
        return {}


def _read(days: str) -> Mapping[str, int]:
    today = day_of(datetime.now(UTC))
    begin = today - timedelta(days=int(days))
    tokens = Sum(F("tokens_prompt") + F("tokens_completion"))
    found: Counter[str] = Counter()
    with orm_connection():
        for rows in (
            UsageDay.objects.filter(begins_at__gte=begin, begins_at__lt=today),
            UsageHour.objects.filter(begins_at__gte=today),
        ):
            found.update(dict(rows.values_list("model").annotate(tokens=tokens).order_by()))
    return found


def forget() -> None:
    """Drop what was read. For tests, where rows are rolled back."""
    _cells.clear()


_cells: CellMap[Mapping[str, int]] = CellMap(
    _read, ttl_s=_TTL_S * min(1, settings.TIMEOUT_SCALE), size=2, stale_if_error_s=_STALE_IF_ERROR_S
)
