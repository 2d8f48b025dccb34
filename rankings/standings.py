"""From tokens to places: who is where, who moved, who grows. Pure.

`rows` are tokens of each span by whatever is ranked, oldest first; all have the same length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rankings.spans import COMPARED

Key = TypeVar("Key", bound=Hashable)
# So few requests say nothing of growth.
REQUESTS_MIN = 10


@dataclass(frozen=True, slots=True)
class Standing(Generic[Key]):
    """In the newest span. `rank_before` is None for what was not used in the span before."""

    key: Key
    rank: int
    rank_before: int | None
    tokens: int
    tokens_before: int


@dataclass(frozen=True, slots=True)
class Growth(Generic[Key]):
    """`tokens` of the newest span are `excess` more than `mean`, that of the spans before it."""

    key: Key
    tokens: int
    mean: int
    excess: int


def standings(rows: Mapping[Key, Sequence[int]]) -> list[Standing[Key]]:
    """Of all that was used in the newest span, most tokens first."""
    before = {key: rank for rank, key in enumerate(_ranked(rows, -2), start=1)}
    return [
        Standing(key, rank, before.get(key), rows[key][-1], rows[key][-2])
        for rank, key in enumerate(_ranked(rows, -1), start=1)
    ]


def _ranked(rows: Mapping[Key, Sequence[int]], place: int) -> list[Key]:
    used = [key for key, tokens in rows.items() if tokens[place]]
    return sorted(used, key=lambda key: (-rows[key][place], str(key)))


def trending(rows: Mapping[Key, Sequence[int]], requests: Mapping[Key, int]) -> list[Growth[Key]]:
    """What grew over the mean of the COMPARED spans before, by how many tokens, most first.

    What had fewer than REQUESTS_MIN requests in the newest span is left out.
    """
    found = []
    for key, tokens in rows.items():
        mean = sum(tokens[-1 - COMPARED : -1]) // COMPARED
        if tokens[-1] > mean and requests.get(key, 0) >= REQUESTS_MIN:
            found.append(Growth(key, tokens[-1], mean, tokens[-1] - mean))
    return sorted(found, key=lambda each: (-each.excess, str(each.key)))


def by_author(models: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """meta-llama is the author of all models whose id begins with it."""
    rows: defaultdict[str, list[Sequence[int]]] = defaultdict(list)
    for model_id, tokens in models.items():
        rows[model_id.partition("/")[0]].append(tokens)
    return {author: tuple(map(sum, zip(*each, strict=True))) for author, each in rows.items()}


def counted_by_author(models: Mapping[str, int]) -> dict[str, int]:
    """One number for each model, added up."""
    rows = by_author({model_id: (number,) for model_id, number in models.items()})
    return {author: number for author, (number,) in rows.items()}
