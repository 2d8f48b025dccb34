"""The figures that rate limits depend on, read from the rows of money (read only).

A server process keeps them in cells; pages and GET /key ask the database.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.conf import settings
from django.db.models import Q, QuerySet

from billing.balances import credits_left
from billing.models import Generation
from openrouter_site.database import orm_connection
from openrouter_site.money import NANO_PER_DOLLAR

FREE_SUFFIX = ":free"


def rate_for(credits_nano: int, surge: int) -> int:
    """Requests per second: one for each whole credit (a dollar), at least 1 (seed, Limits)."""
    return max(1, min(surge, credits_nano // NANO_PER_DOLLAR))


def requests_per_second(credits_nano: int) -> int:
    """`rate_for` as this server is set."""
    return rate_for(credits_nano, settings.RATE_LIMIT_SURGE)


def free_requests_since(user_id: int, begin: datetime) -> QuerySet[Generation]:
    """Those that count: a failed request that gave the caller nothing does not."""
    gave_nothing = Q(finish_reason="error") & (Q(tokens_completion=0) | Q(streamed=False))
    return Generation.objects.filter(
        user_id=user_id, created_at__gte=begin, model__endswith=FREE_SUFFIX
    ).exclude(gave_nothing)


def load_credits(name: str) -> int:
    """What is left, in nano-dollars, for the account and key of "user:1 2"."""
    account_id, _, key_id = name.partition(" ")
    with orm_connection():
        return credits_left(account_id, int(key_id), datetime.now(UTC))


def load_free_today(account_id: str) -> tuple[int, int]:
    """(requests, day number since 1970)."""
    now = datetime.now(UTC)
    begin = datetime.combine(now.date(), time.min, UTC)
    user_id = int(account_id.partition(":")[2])
    with orm_connection():
        return free_requests_since(user_id, begin).count(), int(now.timestamp()) // 86_400
