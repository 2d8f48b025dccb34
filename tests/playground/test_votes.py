"""Votes on answers whose models were hidden, and the leaderboard they make."""

from __future__ import annotations

import pytest
from api_rows import person
from chat_rows import browser, send

from playground import bradley_terry, ids, votes
from playground.models import Vote

pytestmark = pytest.mark.django_db
A, B, C = "openai/gpt-4o", "anthropic/claude-3:beta", "x/y"


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def page(alice):
    return browser(alice)


def vote(page, models, outcome="best", best=None, id=None):
    body = {"id": id or ids.new("vote"), "models": models, "outcome": outcome}
    return send(page, "/playground/votes", body if best is None else body | {"best": best})


def test_best_wins_against_all_others(alice, page):
    assert vote(page, [A, B, C], best=B).status_code == 201
    first, *others = votes.standings(alice.pk)
    assert (first.model, first.wins, first.losses, first.votes) == (B, 1, 0, 1)
    assert [(each.wins, each.losses, each.ties) for each in others] == [(0, 1, 0), (0, 1, 0)]
    assert first.score > 1000 > others[0].score == others[1].score


def test_ties_and_all_bad_say_that_nobody_was_better(alice, page):
    vote(page, [A, B], "tie")
    vote(page, [A, B], "bad")
    found = votes.standings(alice.pk)
    assert [(each.score, each.ties, each.bad, each.wins) for each in found] == [(1000, 1, 1, 0)] * 2


def test_same_vote_again_counts_once(page):
    id = ids.new("vote")
    assert vote(page, [A, B], best=A, id=id).status_code == 201
    assert vote(page, [A, B], best=B, id=id).status_code == 201
    assert Vote.objects.get().best == A


def test_id_of_anothers_vote_is_taken(page):
    id = ids.new("vote")
    vote(browser(person("bob")), [A, B], best=A, id=id)
    assert vote(page, [A, B], best=B, id=id).status_code == 409


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("id", {"id": "x"}),
        ("models", {"models": [A]}),
        ("models", {"models": [A, A]}),
        ("models", {"models": [f"x/{number}" for number in range(7)]}),
        ("models", {"models": [A, "two words"]}),
        ("models", {"models": [A, "\0"]}),
        ("models", {"models": [A, None]}),
        ("models", {"models": {A: B}}),
        ("outcome", {"outcome": "worst"}),
        ("outcome", {"outcome": []}),
        ("best", {}),
        ("best", {"best": "x/other"}),
        ("best", {"best": {}}),
        ("best", {"best": A, "outcome": "tie"}),
        ("user", {"best": A, "user": 1}),
    ],
)
def test_votes_of_another_shape_are_refused_by_name(page, field, body):
    usual = {"id": ids.new("vote"), "models": [A, B], "outcome": "best"}
    answer = send(page, "/playground/votes", usual | body)
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"] == {"field": field}


def test_number_of_votes_is_bounded(page, monkeypatch):
    monkeypatch.setattr("playground.votes.VOTES_MAX", 1)
    assert vote(page, [A, B], best=A).status_code == 201
    assert vote(page, [A, B], best=A).status_code == 400


def test_leaderboard_is_ones_own_the_strongest_first(page):
    for best in (A, A, B):
        vote(page, [A, B], best=best)
    vote(browser(person("bob")), [A, C], best=C)
    text = page.get("/playground/leaderboard").content.decode()
    assert text.index(A) < text.index(B) and C not in text
    assert "67%" in text and "33%" in text


def test_leaderboard_without_votes_says_what_to_do(page):
    assert "switch on blind mode" in page.get("/playground/leaderboard").content.decode()


def test_scores_are_those_of_the_model():
    """Three to one, with so many games that the prior hardly counts: 400 * log10(3) apart."""
    games = [("a", "b", 1.0)] * 3000 + [("a", "b", 0.0)] * 1000
    found = bradley_terry.scores(games)
    assert abs(found["a"] - found["b"] - 190.8) < 2


def test_scores_carry_over_and_stay_finite():
    found = bradley_terry.scores([("a", "b", 1.0)] * 20 + [("b", "c", 1.0)] * 20)
    assert found["a"] > found["b"] > found["c"]
    assert all(0 < score < 3000 for score in found.values())
    assert bradley_terry.scores([]) == {}
