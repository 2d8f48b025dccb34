"""The query strings of the datasets. Source: openrouter-today 1.16.

What we cannot answer truthfully is a 400 that names the parameter: nothing here classifies prompts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from openrouter_site.errors import BadRequest
from rankings import boards
from rankings.spans import Span

BEGINS_ON = date(2025, 1, 1)
DAYS = 30
DAYS_MAX = 1100


def window(query: Mapping[str, str]) -> Span:
    """`start_date` to `end_date`, both in it: DAYS days until the last completed one unless said
    otherwise. What reaches beyond what there is is cut. Raises BadRequest."""
    last = boards.last_completed() or datetime.now(UTC).date() - timedelta(days=1)
    end = min(_day(query, "end_date") or last, last)
    if end < BEGINS_ON:
        raise _bad("end_date", f"must be {BEGINS_ON} or later")
    start = max(_day(query, "start_date") or end - timedelta(days=DAYS - 1), BEGINS_ON)
    if start > end:
        raise _bad("start_date", f"must not be after end_date; the last completed day is {last}")
    if (end - start).days >= DAYS_MAX:
        raise _bad("start_date", f"must be less than {DAYS_MAX} days before end_date")
    return Span(start, end)


def choice(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of them, the first unless said otherwise. Raises BadRequest."""
    value = query.get(name, "") or choices[0]
    if value not in choices:
        raise _bad(name, f"must be one of {', '.join(choices)}")
    return value


def refuse(query: Mapping[str, str], *names: str) -> None:
    """Raises BadRequest for a filter that nothing here could answer."""
    for name in names:
        if query.get(name, ""):
            raise _bad(name, "is not available: this server does not classify requests or apps")


def _day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        if len(text) == len("2026-05-11"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _bad(name, "must be a day like 2026-05-11")


def _bad(name: str, what: str) -> BadRequest:
    return BadRequest(f"{name} {what}.", {"field": name})
