"""Numbers and ages in the sentences of the doctor."""

from __future__ import annotations

from datetime import UTC, datetime


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def ago(age_s: float) -> str:
    if age_s < 120:
        return f"{max(0.0, age_s):.0f} s ago"
    if age_s < 7200:
        return f"{age_s / 60:.0f} minutes ago"
    if age_s < 172_800:
        return f"{age_s / 3600:.0f} hours ago"
    return f"{age_s / 86_400:.0f} days ago"


def age_s(moment: datetime) -> float:
    return (datetime.now(UTC) - moment).total_seconds()


def listed(names: list[str], shown: int = 5) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
