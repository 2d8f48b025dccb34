"""How an account stands, and what its credits buy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ledger_rows import DOLLAR, person

from accounts.models import User
from billing import purchasing_power
from billing.models import Account, Generation
from billing.standing import Level, standing

pytestmark = pytest.mark.usefixtures("ledger_database")
NOW = datetime.now(UTC)


def alice(**account):
    who = person("alice")
    Account.objects.filter(pk=who.account_id).update(**account)
    return User.objects.get(pk=who.user_id)


@pytest.mark.parametrize(
    ("account", "level"),
    [
        ({}, Level.FINE),
        ({"posted_nano": 4 * DOLLAR}, Level.LOW),
        ({"held_nano": 6 * DOLLAR}, Level.LOW),
        ({"posted_nano": 0}, Level.EMPTY),
        ({"held_nano": 10 * DOLLAR}, Level.EMPTY),
        ({"posted_nano": -1}, Level.NEGATIVE),
        ({"posted_nano": -1, "frozen": True}, Level.FROZEN),
    ],
)
def test_level_says_what_requests_meet(settings, account, level):
    settings.LOW_BALANCE_NANO = 5 * DOLLAR
    assert standing(alice(**account)).level is level


def test_users_own_threshold_counts_before_the_operators(settings):
    settings.LOW_BALANCE_NANO = 50 * DOLLAR
    user = alice()
    assert standing(user).level is Level.LOW
    user.low_balance_nano = 0
    assert standing(user).level is Level.FINE
    user.low_balance_nano = 11 * DOLLAR
    assert standing(user).level is Level.LOW


def test_less_than_a_cent_is_low_whoever_wants_no_mail_about_it(settings):
    settings.LOW_BALANCE_NANO = 0
    assert standing(alice(posted_nano=DOLLAR // 100)).level is Level.FINE
    Account.objects.update(posted_nano=DOLLAR // 1000)
    assert standing(User.objects.get()).level is Level.LOW


def test_who_has_no_account_row_yet_has_nothing():
    bob = User.objects.create_user("bob@example.com")
    assert (standing(bob).available_nano, standing(bob).level) == (0, Level.EMPTY)


def generation(user, number, cost_nano, model="openai/gpt-4", **more):
    return Generation.objects.create(
        id=f"gen-{model}-{number}", user=user, model=model, cost_nano=cost_nano, streamed=False,
        created_at=NOW - timedelta(seconds=number), tokens_prompt=1, tokens_completion=1,
        native_tokens_prompt=1, native_tokens_completion=1, usage_source="upstream", **more,
    )  # fmt: skip


def test_answers_are_counted_by_what_ones_own_last_ones_cost(settings):
    user = alice()
    user.default_model = "openai/gpt-4"
    for number in range(50):
        generation(user, number, DOLLAR // 10)
    generation(user, 50, 100 * DOLLAR)  # too long ago
    generation(user, 51, DOLLAR, model="openai/gpt-3.5-turbo")
    generation(user, -1, 0)  # gave nothing
    power = purchasing_power.of(user, 10 * DOLLAR, NOW)
    assert (power.answer.seen, power.answer.cost_nano, power.answers) == (50, DOLLAR // 10, 100)
    assert power.requests_per_second == 10


def test_nobody_knows_the_price_of_a_model_that_is_not_in_the_catalog(settings):
    settings.DEFAULT_MODEL = "nobody/knows"
    power = purchasing_power.of(alice(), 10 * DOLLAR, NOW)
    assert (power.answer.model_id, power.answer.cost_nano, power.answers) == (
        "nobody/knows", None, None,
    )  # fmt: skip


def test_free_requests_of_today_are_taken_off(settings):
    settings.FREE_REQUESTS_PER_DAY = 3
    user = alice()
    noon = datetime(2024, 5, 15, 12, tzinfo=UTC)
    for number, at in enumerate((noon, noon - timedelta(hours=1), noon - timedelta(days=1))):
        row = generation(user, number, 0, model="openai/gpt-4:free")
        Generation.objects.filter(pk=row.pk).update(created_at=at)
    assert purchasing_power.of(user, 0, noon).free_left_today == 1


def test_credits_below_nothing_buy_no_answers():
    assert purchasing_power.Answer("m", 5).bought_by(-DOLLAR) == 0
