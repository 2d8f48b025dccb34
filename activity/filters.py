"""Which requests a list shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from activity.measures import CANCELLED, FAILED, SUCCEEDED
from activity.scope import Scope
from billing.models import Generation

STATUSES = {"ok": SUCCEEDED, "error": FAILED, "cancelled": CANCELLED}
_ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is given must be true of a request; None leaves it open.

    `app` is (referer, title), as activity.dimensions groups by. `key_id` 0: keys that are deleted.
    """

    begin: datetime | None = None
    end: datetime | None = None
    model: str | None = None
    provider: str | None = None
    key_id: int | None = None
    app: tuple[str, str] | None = None
    status: str | None = None
    streamed: bool | None = None
    own_key: bool | None = None
    cost_min_nano: int | None = None
    generation_id: str | None = None

    @property
    def where(self) -> Q:
        """Raises ValueError for a status that is none."""
        where = Q()
        for lookup, value in self._lookups():
            if value is not None:
                where &= Q((lookup, value))
        if self.key_id is not None:
            where &= Q(key_id=self.key_id) if self.key_id else Q(key_id__isnull=True)
        if self.status is not None:
            if self.status not in STATUSES:
                raise ValueError(f"status must be one of {', '.join(STATUSES)}")
            where &= STATUSES[self.status]
        return where

    def _lookups(self) -> tuple[tuple[str, object], ...]:
        referer, title = self.app or (None, None)
        return (
            ("created_at__gte", self.begin),
            ("created_at__lt", self.end),
            ("model", self.model),
            ("provider_name", self.provider),
            ("app_referer", referer),
            ("app_title", title),
            ("streamed", self.streamed),
            ("is_byok", self.own_key),
            ("cost_nano__gte", self.cost_min_nano),
            ("pk", self.generation_id),
        )

    @property
    def is_impossible(self) -> bool:
        """No row holds a NUL, half a character or a larger number: no database is asked for it."""
        texts = (self.model, self.provider, self.generation_id, *(self.app or ()))
        return not all(map(_can_be_stored, (each for each in texts if each is not None))) or not (
            0 <= (self.key_id or 0) <= _ID_MAX
        )


def _can_be_stored(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def rows(scope: Scope, wanted: Filter) -> QuerySet[Generation]:
    """The scope's generations that the filter lets through, in no order."""
    if wanted.is_impossible:
        return Generation.objects.none()
    return Generation.objects.filter(scope.where, wanted.where)
