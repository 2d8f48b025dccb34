"""Names of time zones, and the zone that a name means."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError

UTC_NAME = "UTC"
# They mean whatever the machine is set to, or nothing at all.
_NO_PLACES = {"localtime", "Factory"}


@cache
def names() -> tuple[str, ...]:
    """Every zone that this machine knows, in order."""
    return tuple(sorted((available_timezones() | {UTC_NAME}) - _NO_PLACES))


def validate(value: str) -> None:
    if value not in names():
        raise ValidationError("must be the name of a time zone, as in Europe/Berlin or UTC")


def zone(name: str) -> ZoneInfo:
    """UTC for a name that this machine does not know (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(UTC_NAME)
