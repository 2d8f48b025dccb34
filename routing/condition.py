"""How endpoints are right now, as all server processes and the probes see it: for pages.

The data plane asks `routing.health`, which is in its own memory and of this very moment.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import django.db
from django.utils import timezone

from openrouter_site.cell import Cell
from routing import reports
from routing.health import Trouble
from routing.models import ProviderProbe
from routing.statistic_rows import PROBE_AGE_S_MAX

logger = logging.getLogger(__name__)

_TTL_S = 5


@dataclass(frozen=True, slots=True)
class Condition:
    """`troubles`: by endpoint, why it is tried last. `failing_probes`: by the provider's slug, what
    its latest probe met."""

    troubles: Mapping[int, Trouble] = field(default_factory=dict)
    failing_probes: Mapping[str, str] = field(default_factory=dict)

    def is_stable(self, endpoint_id: int) -> bool:
        """Whether it is among those that are tried first (routing.requirements.Stability)."""
        return endpoint_id not in self.troubles


def _read() -> Condition:
    fresh = timezone.now() - timedelta(seconds=PROBE_AGE_S_MAX)
    probes = ProviderProbe.objects.filter(ok=False, checked_at__gte=fresh)
    return Condition(
        {trouble.endpoint_id: trouble for trouble in reports.read().troubles},
        dict(probes.values_list("provider_slug", "error")),
    )


def _empty_cell() -> Cell[Condition]:
    return Cell(_read, ttl_s=_TTL_S, stale_if_error_s=math.inf)


_cell = _empty_cell()


def current() -> Condition:
    """Some seconds old at most. May read the database; as if all were well when it cannot."""
    try:
        return _cell.get_blocking()
    except django.db.Error as error:
        logger.warning("the condition of endpoints cannot be read: %s", error)
        return Condition()


def forget() -> None:
    """Drop what was read. For tests, where rolling back takes the rows back too."""
    global _cell
    _cell = _empty_cell()
