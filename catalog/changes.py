"""What a change of the catalog was, told to the operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from catalog import models
from catalog.prices import per_million
from openrouter_site.money import format_price

Difference = tuple[str, Any, Any]
"""Name of the field, old value, new value."""

_EACH = {"price_image_pico": " per image", "price_request_pico": " per request"}


@dataclass(slots=True)
class Changes:
    """Rows by what became of them.

    `kept` are the operator's and differ from the file; `unlisted` are not in the file and were
    left as they are.
    """

    added: list[models.Row] = field(default_factory=list)
    changed: list[tuple[models.Row, list[Difference]]] = field(default_factory=list)
    removed: list[models.Row] = field(default_factory=list)
    kept: list[models.Row] = field(default_factory=list)
    unlisted: list[models.Row] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether any row changed."""
        return bool(self.added or self.changed or self.removed)

    def lines(self, *, names: bool = False) -> Iterator[str]:
        """Differences with old -> new, then counts. `names` lists the added rows too."""
        if names:
            yield from (f"+ {kind(row)} {row}" for row in self.added)
        for row, differences in self.changed:
            yield f"~ {kind(row)} {row}: {told(differences)}"
        yield from (f"- {kind(row)} {row}" for row in self.removed)
        yield f"Added: {_counts(self.added)}."
        yield f"Changed: {_counts(row for row, _ in self.changed)}."
        yield f"Removed (disabled): {_counts(self.removed)}."
        if self.kept:
            yield f"Left as the operator set them: {_counts(self.kept)}."
        if self.unlisted:
            yield f"Not in the file, left as they are (see --prune): {_counts(self.unlisted)}."


def kind(row: models.Row) -> str:
    return str(row._meta.verbose_name)


def _counts(rows: Iterable[models.Row]) -> str:
    counts = Counter(kind(row) for row in rows)
    return ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items()) or "none"


def told(differences: Iterable[Difference]) -> str:
    """`prompt price $0.18 → $0.2 per 1M tokens, context length 4096 → 8192`."""
    return ", ".join(_told(*difference) for difference in differences)


def _told(name: str, old: Any, new: Any) -> str:
    label = name.removesuffix("_pico").replace("_", " ")
    if not name.endswith("_pico"):
        return f"{label} {_shown(old)} → {_shown(new)}"
    written = format_price if name in _EACH else per_million
    unit = _EACH.get(name, " per 1M tokens")
    before, after = ("none" if pico is None else f"${written(pico)}" for pico in (old, new))
    return f"{label} {before} → {after}{unit}"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return str(value)
