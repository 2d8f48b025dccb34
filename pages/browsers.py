"""A few words for a User-Agent header, so that people recognise their own devices."""

from __future__ import annotations

# The first that is found wins: most browsers also claim to be the ones below them.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def name(user_agent: str) -> str:
    """Such as Firefox on Linux; what is unknown is said to be so."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((shown for mark, shown in table if mark in user_agent), "")
