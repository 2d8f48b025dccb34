"""Boards are the completed days, as pages read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import ranking_rows as rows
from activity_builders import DAY, person
from ranking_rows import CHAT, CODE, LARGE, SMALL, take, used

from rankings import boards, reading
from rankings.models import RankedApp, TakenDay

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return person()


def test_there_is_nothing_before_the_first_day_is_over(alice):
    assert boards.board("week").spans == ()
    used(alice, 0, 100)
    take()
    board = boards.board("week")
    assert board.spans == () and board.tokens == 0 and board.computed_at is None


def test_a_board_has_equal_spans_until_yesterday(alice):
    for days_ago, tokens in ((0, 1), (1, 20), (7, 300), (8, 4_000), (14, 50_000), (85, 7)):
        used(alice, days_ago, tokens)
    take()
    board = boards.board("week")
    assert board.span.last == (rows.today() - DAY).date()
    assert board.models[SMALL][-3:] == (0, 54_000, 320)
    assert board.tokens == 320 and board.requests == {SMALL: 2}
    assert sum(boards.board("month").models[SMALL]) == 54_327
    assert boards.board("day").models[SMALL][-1] == 20


def test_growth_needs_days_that_were_lived_through(alice):
    used(alice, 1, 10)
    used(alice, 27, 10)
    take()
    assert boards.board("day").compares and not boards.board("week").compares
    used(alice, 28, 10)
    take()
    assert boards.board("week").compares


def test_apps_are_by_origin_and_hidden_ones_are_not_there(alice):
    used(alice, 1, 70, app=CHAT, requests=3)
    used(alice, 9, 5, LARGE, app=(f"{CHAT[0]}/deep?er", ""))
    used(alice, 1, 900, app=CODE)
    take()
    chat = boards.board("week").apps[rows.app_id()]
    assert (chat.name, chat.host, chat.tokens[-2:], chat.requests) == (
        CHAT[1], "chat.example", (5, 70), 3,
    )  # fmt: skip
    assert [each.tokens for each in boards.board("week").places] == [900, 70]
    RankedApp.objects.filter(origin=CODE[0]).update(hidden=True)
    boards.forget()
    assert [each.tokens for each in boards.board("week").places] == [70]


def test_nobody_is_left_in_nameless_apps(alice):
    used(alice, 1, 70, app=CHAT)
    used(alice, 1, 900, app=CODE)
    take()
    found = boards.nameless(boards.board("week").apps)
    assert {id: (app.name, app.origin, app.tokens[-1]) for id, app in found.items()} == {
        1: ("App 1", "", 900), 2: ("App 2", "", 70),
    }  # fmt: skip


def test_a_day_that_is_over_and_not_taken_yet_is_not_the_last(alice):
    used(alice, 1, 10)
    used(alice, 2, 10)
    take()
    yesterday = (rows.today() - DAY).date()
    assert boards.last_completed() == yesterday
    TakenDay.objects.filter(day=yesterday).delete()
    assert boards.last_completed() == yesterday - timedelta(days=1)


def test_a_board_is_read_once_a_minute(alice, django_assert_num_queries):
    used(alice, 1, 10)
    take()
    boards.board("week")
    with django_assert_num_queries(0):
        boards.board("week")


@pytest.mark.parametrize(("mode", "count"), [("public", 1), ("anonymous", 0), ("private", 0)])
def test_apps_of_a_model_are_told_only_where_everybody_may_know(alice, settings, mode, count):
    used(alice, 1, 10, app=CHAT)
    take()
    settings.RANKINGS = mode
    assert len(reading.apps_of(SMALL)) == count
