"""Votes of one person on answers whose models were hidden, and what they add up to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db import IntegrityError, transaction

from openrouter_site.errors import BadRequest, Conflict
from playground import bradley_terry
from playground.chat_settings import PANES_MAX
from playground.models import Vote

VOTES_MAX = 10_000
_MODELS_MIN = 2
# Ids are of models and nothing else: they are kept as they are, unlike words.
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@~-]{0,127}")
_OUTCOMES = {"best": Vote.Outcome.BEST, "tie": Vote.Outcome.TIE, "bad": Vote.Outcome.BAD}


@dataclass(frozen=True, slots=True)
class Standing:
    """`ties` were all good, `bad` all bad; both say that no model was better."""

    model: str
    score: int
    wins: int
    ties: int
    bad: int
    losses: int

    @property
    def votes(self) -> int:
        return self.wins + self.ties + self.bad + self.losses


def is_model(value: Any) -> bool:
    return type(value) is str and _MODEL.fullmatch(value) is not None


def cast(user_id: int, id: str, models: Any, outcome: Any, best: Any) -> Vote:
    """The same vote again counts once. Raises BadRequest, Conflict for an id that is taken."""
    vote = Vote(
        id=id,
        user_id=user_id,
        model_ids=_checked_models(models),
        outcome=_checked_outcome(outcome),
        best="",
    )
    if vote.outcome == Vote.Outcome.BEST:
        if best not in vote.model_ids:
            raise BadRequest("best must be one of the models", {"field": "best"})
        vote.best = best
    elif best is not None:
        raise BadRequest('best goes with the outcome "best" only', {"field": "best"})
    return _kept(vote)


def _kept(vote: Vote) -> Vote:
    mine = Vote.objects.filter(user_id=vote.user_id)
    if mine.count() >= VOTES_MAX:
        raise BadRequest(f"You have cast {VOTES_MAX:,} votes, as many as are kept.")
    try:
        with transaction.atomic():
            vote.save(force_insert=True)
    except IntegrityError:
        if there := mine.filter(pk=vote.pk).first():
            return there
        raise Conflict("This id is taken: make another one.", {"field": "id"}) from None
    return vote


def _checked_models(models: Any) -> list[str]:
    if type(models) is not list or not all(map(is_model, models[: PANES_MAX + 1])):
        raise BadRequest("models must be a list of ids of models", {"field": "models"})
    different = list(dict.fromkeys(models[: PANES_MAX + 1]))
    if not _MODELS_MIN <= len(different) <= PANES_MAX:
        raise BadRequest(
            f"models must be {_MODELS_MIN} to {PANES_MAX} different models", {"field": "models"}
        )
    return different


def _checked_outcome(outcome: Any) -> Vote.Outcome:
    found = _OUTCOMES.get(outcome) if type(outcome) is str else None
    if found is None:
        raise BadRequest("outcome must be best, tie or bad", {"field": "outcome"})
    return found


def standings(user_id: int) -> list[Standing]:
    """Of the models this person voted on, the strongest first."""
    votes = list(Vote.objects.filter(user_id=user_id)[:VOTES_MAX])
    scores = bradley_terry.scores(game for vote in votes for game in _games(vote))
    found = [_standing(model, score, votes) for model, score in scores.items()]
    return sorted(found, key=lambda each: (-each.score, each.model))


def _games(vote: Vote) -> Iterator[tuple[str, str, float]]:
    """The best was better than each other one; of those nothing is known."""
    if vote.outcome == Vote.Outcome.BEST:
        yield from ((vote.best, other, 1.0) for other in vote.model_ids if other != vote.best)
    else:
        yield from ((one, other, 0.5) for one, other in combinations(vote.model_ids, 2))


def _standing(model: str, score: int, votes: Sequence[Vote]) -> Standing:
    mine = [vote for vote in votes if model in vote.model_ids]
    wins = sum(vote.best == model for vote in mine)
    ties = sum(vote.outcome == Vote.Outcome.TIE for vote in mine)
    bad = sum(vote.outcome == Vote.Outcome.BAD for vote in mine)
    return Standing(model, score, wins, ties, bad, len(mine) - wins - ties - bad)
