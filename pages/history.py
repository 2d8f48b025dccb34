"""The histories of keys and of members in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import ApiKey, Member
from openrouter_site.money import parse_amount
from ui import format

_SHOWN_MAX = 100
_MODELS_NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    actor: str
    words: str
    reason: str = ""


def of_key(row: ApiKey) -> list[Line]:
    """The newest first; that it was made comes last."""
    lines = [
        Line(each.at, each.actor, _words(each.what), each.reason)
        for each in row.changes.all()[:_SHOWN_MAX]
    ]
    return [*lines, Line(row.created_at, "", "Created")]


def of_member(row: Member) -> list[Line]:
    return [Line(each.at, each.actor, _words(each.what)) for each in row.changes.all()[:_SHOWN_MAX]]


def _words(what: dict[str, list[Any]]) -> str:
    return ", ".join(_each(what)) or "Nothing"


def _each(what: dict[str, list[Any]]) -> Iterator[str]:
    for name, (old, new) in what.items():
        if name == "disabled":
            yield "Disabled" if new else "Enabled"
        elif name == "deleted_at":
            yield "Deleted"
        else:
            label, written = _FIELDS.get(name, (name, str))
            yield f"{label}: {written(old)} → {written(new)}"


def _money(amount: str | None) -> str:
    return "none" if amount is None else format.money_exact(parse_amount(amount))


def _moment(text: str | None) -> str:
    return "never" if text is None else format.exact(datetime.fromisoformat(text))


def _models(ids: list[str] | None) -> str:
    if ids and len(ids) > _MODELS_NAMED_MAX:
        return f"{len(ids)} models"
    return ", ".join(ids or ()) or "all"


_FIELDS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "name": ("Name", str),
    "limit": ("Limit", _money),
    "limit_reset": ("Resets", lambda period: period or "never"),
    "expires_at": ("Expires", _moment),
    "allowed_models": ("Models", _models),
    "role": ("Role", lambda role: role or "none"),
}
