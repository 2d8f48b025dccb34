"""The apps a user connected: what each got, may spend and did spend. Read only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts import keys
from accounts.app_requests import HEADLESS
from accounts.models import ApiKey
from billing import key_figures
from billing.models import KeyBudget


@dataclass(frozen=True, slots=True)
class AppKey:
    row: ApiKey
    budget: KeyBudget
    last_used_at: datetime | None
    is_expired: bool


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """Its keys, the newest first."""

    origin: str
    keys: tuple[AppKey, ...]

    @property
    def host(self) -> str:
        """What people know it by; "" for what had no address to come back to."""
        return "" if self.origin == HEADLESS else self.origin.partition("://")[2]


def of_user(user_id: int, now: datetime) -> list[ConnectedApp]:
    """In three queries. The app with the newest key comes first."""
    found = keys.of_user(user_id).exclude(app_origin="")
    by_origin: dict[str, list[AppKey]] = {}
    for key in _figures(found, now):
        by_origin.setdefault(key.row.app_origin, []).append(key)
    return [ConnectedApp(origin, tuple(rows)) for origin, rows in by_origin.items()]


def of_app(user_id: int, origin: str, now: datetime) -> list[AppKey]:
    """The keys that one app has already."""
    return _figures(keys.of_user(user_id).filter(app_origin=origin), now)


def _figures(found: Iterable[ApiKey], now: datetime) -> list[AppKey]:
    rows = list(found)
    ids = [row.pk for row in rows]
    budgets = key_figures.budgets(ids, now)
    used = key_figures.last_uses(ids)
    return [
        AppKey(
            row=row,
            budget=budgets.get(row.pk) or KeyBudget(key=row),
            last_used_at=used.get(row.pk),
            is_expired=row.expires_at is not None and row.expires_at <= now,
        )
        for row in rows
    ]
