"""Models that somebody may have meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

NEAR_MAX = 6
# Longer than any id: not worth comparing.
_ID_CHARACTERS_MAX = 128


def near(id: str, known: Iterable[str]) -> list[str]:
    """Ids like this one, the likeliest first; none where nothing is like it."""
    wanted = id.casefold()
    if len(wanted) > _ID_CHARACTERS_MAX:
        return []
    ids = list(known)
    same = [each for each in ids if each.casefold() == wanted]
    _, _, slug = wanted.partition("/")
    base = slug.partition(":")[0]
    # Another variant, or another author of the same model.
    akin = [each for each in ids if _slug(each).partition(":")[0] == base]
    alike = get_close_matches(wanted, ids, n=NEAR_MAX, cutoff=0.7)
    return list(dict.fromkeys([*same, *akin, *alike]))[:NEAR_MAX]


def _slug(id: str) -> str:
    return id.casefold().partition("/")[2]
