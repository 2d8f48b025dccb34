"""The menus. An entry is shown where this installation has its page, so pages arrive one by one."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Entry:
    """`current` when the visitor is on it or below it."""

    label: str
    icon: str
    address: str
    current: bool = False


# URL name, label, icon.
_MAIN = (
    ("models", "Models", "layers"),
    ("playground", "Playground", "message-square"),
    ("rankings", "Rankings", "trending-up"),
    ("docs", "Docs", "book-open"),
)
_ACCOUNT = (
    ("pages:activity", "Activity", "activity"),
    ("pages:keys", "Keys", "key-round"),
    ("pages:credits", "Credits", "wallet"),
    ("pages:settings", "Settings", "settings"),
    ("pages:privacy", "Privacy", "shield"),
    ("pages:byok", "Provider keys", "plug"),
    ("pages:connected", "Connected apps", "link"),
    ("pages:members", "Members", "users"),
    ("pages:security", "Security", "fingerprint"),
)


def _entries(table: tuple[tuple[str, str, str], ...], path: str) -> list[Entry]:
    entries = []
    for name, label, icon in table:
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        is_current = path == address or path.startswith(f"{address.rstrip('/')}/")
        entries.append(Entry(label, icon, address, is_current))
    return entries


def main(path: str) -> list[Entry]:
    """The top bar's."""
    return _entries(_MAIN, path)


def account(path: str) -> list[Entry]:
    """The account area's."""
    return _entries(_ACCOUNT, path)
