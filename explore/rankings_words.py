"""How spans of days and changes are written."""

from __future__ import annotations

from datetime import date

from rankings.spans import Span
from ui import format


def written_day(day: date) -> str:
    """5 Nov."""
    return f"{day.day} {day:%b}"


def written_span(span: Span) -> str:
    """25 Nov 2026; 19 – 25 Nov 2026; 29 Oct – 4 Nov 2026; 28 Dec 2025 – 3 Jan 2026."""
    first, last = span.first, span.last
    end = f"{written_day(last)} {last.year}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{written_day(first)} {first.year} – {end}"
    begin = str(first.day) if first.month == last.month else written_day(first)
    return f"{begin} – {end}"


def written_change(now: int, before: int) -> str:
    """+12%, -8%, 0%, ×14 from tenfold on; "new" after nothing."""
    if not before:
        return "new"
    if now >= before * 10:
        return f"×{format.count(now // before)}"
    text = format.percent(now - before, before, 0)
    return f"+{text}" if now > before and text != "0%" else text
