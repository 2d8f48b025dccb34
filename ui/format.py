"""How numbers and moments are written for people. Pure; integers in, text out.

Money is integer nano-dollars and prices integer pico-dollars per token. Nothing is ever written as
2e-07, and what is rounded is rounded half up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_NANO_PLACES = 9
_NANO = 10**_NANO_PLACES
_PER_MILLION_PLACES = 6
_PICO_PLACES = 12
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_DAYS_RELATIVE_MAX = 30

# What is not known is not zero.
UNKNOWN = "—"


def _rounded(units: int, places: int, kept: int) -> int:
    """`units` of 10**-places as units of 10**-kept, half up."""
    divisor: int = 10 ** (places - kept)
    return (units + divisor // 2) // divisor


def _written(units: int, places: int, places_min: int = 2) -> str:
    """Non-negative `units` of 10**-places with separators, without needless zeros."""
    whole, rest = divmod(units, 10**places)
    decimals = str(rest).zfill(places).rstrip("0") if places else ""
    if not units:
        return "0"
    decimals = decimals.ljust(places_min, "0")
    return f"{whole:,}.{decimals}" if decimals else f"{whole:,}"


def money(amount_nano: int | None) -> str:
    """$41.07, $0.0118, $0.00000016: cents from a dollar on, below it two digits that count."""
    if amount_nano is None:
        return UNKNOWN
    size = abs(amount_nano)
    if size >= _NANO:
        kept = 2
    else:
        zeros = _NANO_PLACES - len(str(size))
        kept = min(_NANO_PLACES, max(4, zeros + 2))
    sign = "-" if amount_nano < 0 else ""
    return f"{sign}${_written(_rounded(size, _NANO_PLACES, kept), kept)}"


def money_exact(amount_nano: int | None) -> str:
    """All of it: $0.002604."""
    if amount_nano is None:
        return UNKNOWN
    sign = "-" if amount_nano < 0 else ""
    return f"{sign}${_written(abs(amount_nano), _NANO_PLACES)}"


def price_per_million(price_pico: int | None) -> str:
    """Of a million tokens: 590000 pico-dollars per token are $0.59. Exact."""
    if price_pico is None:
        return UNKNOWN
    return f"${_written(price_pico, _PER_MILLION_PLACES)}"


def price_each(price_pico: int | None) -> str:
    """Of one image or request: $0.00765. Exact."""
    if price_pico is None:
        return UNKNOWN
    return f"${_written(price_pico, _PICO_PLACES)}"


def count(number: int | None) -> str:
    """18,402."""
    return UNKNOWN if number is None else f"{number:,}"


def compact(number: int | None) -> str:
    """842, 9,204, 24.6K, 24.6M, 1.2B: three digits that count."""
    if number is None:
        return UNKNOWN
    size = abs(number)
    if size < 10_000:
        return f"{number:,}"
    sign = "-" if number < 0 else ""
    for places, letter in ((3, "K"), (6, "M"), (9, "B"), (12, "T")):
        kept = max(0, places + 3 - len(str(size)))
        value = _rounded(size, places, min(kept, places))
        if value < 1000 * 10 ** min(kept, places) or letter == "T":
            return f"{sign}{_written(value, min(kept, places), 0)}{letter}"
    raise AssertionError("unreachable")  # pragma: no cover


def context_length(tokens: int | None) -> str:
    """8K, 128K, 2.8M, as models are advertised."""
    if tokens is None:
        return UNKNOWN
    if tokens < 1000:
        return str(tokens)
    if tokens < 1_000_000:
        return f"{_rounded(tokens, 3, 0)}K"
    return f"{_written(_rounded(tokens, 6, 1), 1, 0)}M"


def percent(part: int, whole: int, places: int = 1) -> str:
    """98.9%; of nothing it is not known."""
    if not whole:
        return UNKNOWN
    scale: int = 10**places
    units = (abs(part) * 100 * scale * 2 + whole) // (2 * whole)
    return f"{'-' if part < 0 else ''}{_written(units, places, 0)}%"


def duration(milliseconds: int | None) -> str:
    """0.38 s, 1.9 s, 12 s, 2 min 5 s, 3 h 20 min."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 1000:
        return f"{_written(_rounded(milliseconds, 3, 2), 2, 0)} s"
    if milliseconds < 10_000:
        return f"{_written(_rounded(milliseconds, 3, 1), 1, 0)} s"
    seconds = _rounded(milliseconds, 3, 0)
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"


def relative(moment: datetime | None, now: datetime) -> str:
    """just now, 5 min ago, in 3 h, 2 d ago; a date when it is more than a month away."""
    if moment is None:
        return "never"
    away: timedelta = now - moment
    seconds = int(abs(away.total_seconds()))
    if seconds < _MINUTE_S:
        return "just now" if away >= timedelta() else "in a moment"
    if seconds >= _DAYS_RELATIVE_MAX * _DAY_S:
        return day(moment)
    if seconds < _HOUR_S:
        size = f"{seconds // _MINUTE_S} min"
    elif seconds < _DAY_S:
        size = f"{seconds // _HOUR_S} h"
    else:
        size = f"{seconds // _DAY_S} d"
    return f"{size} ago" if away >= timedelta() else f"in {size}"


def exact(moment: datetime | None) -> str:
    """2026-06-12 14:02:31 UTC."""
    if moment is None:
        return "never"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def day(moment: datetime) -> str:
    """12 Jun 2026."""
    there = moment.astimezone(UTC)
    return f"{there.day} {there:%b %Y}"
