"""How strong each of several is, from who was preferred to whom. Pure.

The model of Bradley and Terry (1952): a is preferred to b with probability a / (a + b). Found by
Hunter's iteration (2004, "MM algorithms for generalized Bradley-Terry models"), with one half-won
game of each against an average opponent, so that a few votes do not make anybody infinite.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

AVERAGE = 1000
# As in chess: 400 points more are ten to one.
_POINTS = 400
_ROUNDS_MAX = 500
_CLOSE_ENOUGH = 1e-6


def scores(games: Iterable[tuple[str, str, float]]) -> dict[str, int]:
    """`games` are (one, other, what the first got of it: 1, 0.5 or 0)."""
    won: dict[str, float] = defaultdict(float)
    played: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one, other, share in games:
        won[one] += share
        won[other] += 1 - share
        played[one][other] += 1
        played[other][one] += 1
    strengths = _strengths(won, played)
    return {name: round(AVERAGE + _POINTS * math.log10(s)) for name, s in strengths.items()}


def _strengths(
    won: Mapping[str, float], played: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    strengths = dict.fromkeys(played, 1.0)
    for _ in range(_ROUNDS_MAX):
        change = 0.0
        for name, mine in strengths.items():
            expected = 1 / (mine + 1) + sum(
                count / (mine + strengths[other]) for other, count in played[name].items()
            )
            better = (won[name] + 0.5) / expected
            change = max(change, abs(math.log(better / mine)))
            strengths[name] = better
        if change < _CLOSE_ENOUGH:
            break
    return strengths
