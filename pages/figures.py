"""What the landing page tells of this instance's own traffic: the last seven days (rankings)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from rankings import access, boards, reading
from rankings.boards import App

_DAYS = 7
_TOP = 5


@dataclass(frozen=True, slots=True)
class TopModel:
    """`daily` are tokens of each day, oldest first, today last."""

    id: str
    tokens: int
    daily: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TopApp:
    app: App
    tokens: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """`apps` are of seven completed days; none for who may not know their names."""

    tokens: int
    models: Sequence[TopModel]
    apps: Sequence[TopApp]


NOTHING = Traffic(0, (), ())


def traffic(user: User | None) -> Traffic:
    """As whoever is signed in may see it. May read the database, and raise its errors."""
    if not access.sees_rankings(user):
        return NOTHING
    used = reading.daily_tokens(_DAYS)
    ranked = sorted(used.items(), key=lambda item: (-sum(item[1]), item[0]))
    top = [TopModel(id, sum(daily), daily) for id, daily in ranked[:_TOP]]
    return Traffic(
        sum(map(sum, used.values())), top, _apps() if access.sees_app_names(user) else ()
    )


def _apps() -> list[TopApp]:
    board = boards.board("week")
    return [TopApp(board.apps[each.key], each.tokens) for each in board.places[:_TOP]]
