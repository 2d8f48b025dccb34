"""The list of requests, newest first, a page at a time: no page costs more than another one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from activity import attempts
from activity.dimensions import app_label
from activity.filters import Filter, rows
from activity.scope import Scope
from billing.models import Generation

PAGE_ROWS = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"([0-9]{1,17})-([\x21-\x7e]{1,40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two requests: after this one, as the list is read."""

    created_at: datetime
    id: str

    def __str__(self) -> str:
        return f"{(self.created_at - _EPOCH) // _MICROSECOND}-{self.id}"

    @staticmethod
    def parse(text: str) -> Cursor:
        """What `str` gave; raises ValueError."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise ValueError("the place in the list is not one that a page gave; begin anew")
        return Cursor(_EPOCH + int(found[1]) * _MICROSECOND, found[2])


@dataclass(frozen=True, slots=True)
class Request:
    """One row. `providers` are those that were asked, in order. `status`: ok, error, cancelled."""

    id: str
    created_at: datetime
    model: str
    providers: tuple[str, ...]
    key_id: int | None
    key_name: str
    app: str
    status: str
    finish_reason: str
    streamed: bool
    own_key: bool
    tokens_prompt: int
    tokens_completion: int
    first_content_ms: int | None
    tokens_per_second: int | None
    cost_nano: int
    upstream_cost_nano: int

    @property
    def fallbacks(self) -> int:
        """How many providers were asked before the one that answered."""
        return len(self.providers) - 1


@dataclass(frozen=True, slots=True)
class Page:
    """`older` and `newer` are where the pages beside it are; None where there is none."""

    requests: tuple[Request, ...]
    older: Cursor | None = None
    newer: Cursor | None = None


def page(
    scope: Scope,
    wanted: Filter,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    size: int = PAGE_ROWS,
) -> Page:
    """The newest requests; `after` a cursor the ones that are older, `before` one the newer."""
    found = rows(scope, wanted).select_related("key")
    if before is not None:
        newer = list(newer_than(found, before)[: size + 1])
        shown = newer[:size][::-1]
        return _page(shown, has_older=True, has_newer=len(newer) > size)
    older = list(older_than(found, after)[: size + 1])
    return _page(older[:size], has_older=len(older) > size, has_newer=after is not None)


def older_than(found: QuerySet[Generation], cursor: Cursor | None) -> QuerySet[Generation]:
    """Newest first."""
    if cursor is not None:
        found = found.filter(created_at__lte=cursor.created_at)
        found = found.exclude(created_at=cursor.created_at, pk__gte=cursor.id)
    return found.order_by("-created_at", "-pk")


def newer_than(found: QuerySet[Generation], cursor: Cursor) -> QuerySet[Generation]:
    """Oldest first."""
    at = cursor.created_at
    found = found.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gt=cursor.id))
    return found.order_by("created_at", "pk")


def cursor_of(generation: Generation | Request) -> Cursor:
    return Cursor(generation.created_at.astimezone(UTC), generation.id)


def _page(generations: list[Generation], *, has_older: bool, has_newer: bool) -> Page:
    return Page(
        tuple(map(request_of, generations)),
        older=cursor_of(generations[-1]) if generations and has_older else None,
        newer=cursor_of(generations[0]) if generations and has_newer else None,
    )


def request_of(generation: Generation) -> Request:
    """The generation's key must be there already."""
    tried = attempts.parse(generation.attempts)
    return Request(
        id=generation.pk,
        created_at=generation.created_at,
        model=generation.model,
        providers=attempts.path(tried) or (generation.provider_name,),
        key_id=generation.key_id,
        key_name=generation.key.name if generation.key else "",
        app=app_label(generation.app_referer, generation.app_title),
        status=status_of(generation),
        finish_reason=generation.finish_reason,
        streamed=generation.streamed,
        own_key=generation.is_byok,
        tokens_prompt=generation.tokens_prompt,
        tokens_completion=generation.tokens_completion,
        first_content_ms=generation.latency_ms,
        tokens_per_second=_tokens_per_second(generation, attempts.wasted_ms(tried)),
        cost_nano=generation.cost_nano,
        upstream_cost_nano=generation.upstream_cost_nano,
    )


def status_of(generation: Generation) -> str:
    """As activity.measures counts them."""
    if generation.finish_reason == "error":
        return "error"
    return "cancelled" if generation.cancelled else "ok"


def _tokens_per_second(generation: Generation, wasted_ms: int) -> int | None:
    """Of the provider that answered, from when it was asked until the end."""
    ms = (generation.generation_time_ms or 0) - wasted_ms
    if ms <= 0 or not generation.native_tokens_completion:
        return None
    return (1000 * generation.native_tokens_completion + ms // 2) // ms
