"""What the filters of the activity page offer: what was used in its time, and what is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from accounts.models import ApiKey
from activity.dimensions import APP, MODEL, PROVIDER
from activity.filters import STATUSES
from activity.reading import Reading
from activity.series import used_groups
from openrouter_site.money import format_amount
from pages.activity_query import RANGES, Asked, app_value

Options = list[tuple[str, str]]
_YES_NO: Options = [("", "Either"), ("yes", "Yes"), ("no", "No")]


def offered(reading: Reading, asked: Asked, keys: Sequence[ApiKey]) -> dict[str, Any]:
    apps = APP.labels(used_groups(reading, asked.period, APP), reading.scope.user_id)
    models = {str(group[0]) for group in used_groups(reading, asked.period, MODEL)}
    providers = {str(group[0]) for group in used_groups(reading, asked.period, PROVIDER)}
    wanted = asked.requests
    app = app_value(*wanted.app) if wanted.app else ""
    cost = "" if wanted.cost_min_nano is None else format_amount(wanted.cost_min_nano)
    return {
        "ranges": [*((name, f"Last {name}") for name in RANGES), ("custom", "From … to …")],
        "keys": [("", "All keys"), *((str(key.pk), f"{key.name} ({key.label})") for key in keys)],
        "key": "" if wanted.key_id is None else str(wanted.key_id),
        "models": _names("All models", models, wanted.model),
        "model": wanted.model or "",
        "providers": _names("All providers", providers, wanted.provider),
        "provider": wanted.provider or "",
        "apps": [("", "All apps"), *sorted((app_value(*group), apps[group]) for group in apps)],
        "app": app,
        "statuses": [("", "Any"), *((name, name.capitalize()) for name in STATUSES)],
        "status": wanted.status or "",
        "yes_no": _YES_NO,
        "streamed": _yes_no(wanted.streamed),
        "own": _yes_no(wanted.own_key),
        "cost": cost,
    }


def _names(all_of_them: str, used: Iterable[str], chosen: str | None) -> Options:
    """Also what is chosen and was not used in this time: a filter never changes by itself."""
    names = sorted({*used, chosen or ""} - {""})
    return [("", all_of_them), *((name, name) for name in names)]


def _yes_no(chosen: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[chosen]
