"""Which limits a request meets, what its account's figures are, and what the refused are told."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import ledger_rows as rows
import pytest
from redis_server import running

from accounts import keys
from accounts.models import ApiKey, User
from billing import limits
from billing.limit_figures import load_free_today
from billing.limit_refusals import RateLimited
from billing.limits import Limiter, is_free
from billing.models import Account, Generation, KeyBudget

pytestmark = pytest.mark.usefixtures("ledger_database", "standing_clock")

PAID, FREE = ("openai/gpt-4",), ("mistralai/mistral-7b-instruct:free",)
DOLLAR = rows.DOLLAR


@pytest.fixture
def standing_clock(monkeypatch):
    """A window does not end while a test is busy."""
    now_ns = time.time_ns()
    monkeypatch.setattr(limits, "time", SimpleNamespace(time_ns=lambda: now_ns))


def limiter(**settings):
    values = {
        "surge": 200, "free_per_minute": 20, "free_per_day": 200, "processes": 1, "redis_url": "",
        "redis_timeout_s": 0.05,
    }  # fmt: skip
    return Limiter(**(values | settings))


def key_of(person):
    return SimpleNamespace(account_id=person.account_id, id=person.key_id)


def other_key(person):
    row, _ = keys.create(User.objects.get(pk=person.user_id))
    return SimpleNamespace(account_id=person.account_id, id=row.pk)


async def passed(limiter, key, names, times):
    """(how many pass, the last refusal) of requests one after the other."""
    count, refusal = 0, None
    for _ in range(times):
        try:
            await limiter.admit(key, names)
            count += 1
        except RateLimited as error:
            refusal = error
    return count, refusal


def tried(limiter, key, names, times):
    return asyncio.run(passed(limiter, key, names, times))


def generation(person, number, **fields):
    values = {
        "id": f"gen-{number}", "user_id": person.user_id, "key_id": person.key_id,
        "created_at": datetime.now(UTC), "model": FREE[0], "streamed": True, "cost_nano": 0,
        "usage_source": "local", "tokens_prompt": 1, "tokens_completion": 1,
        "native_tokens_prompt": 1, "native_tokens_completion": 1, "finish_reason": "stop",
    }  # fmt: skip
    return Generation.objects.create(**(values | fields))


@pytest.mark.parametrize(
    ("credits_nano", "passes"), [(0, 1), (DOLLAR - 1, 1), (5 * DOLLAR, 5), (1000 * DOLLAR, 200)]
)
def test_credits_are_requests_per_second(credits_nano, passes):
    alice = rows.person(credits_nano=credits_nano)
    assert tried(limiter(), key_of(alice), PAID, passes + 20)[0] == passes


def test_the_lesser_of_key_and_account_counts_but_the_account_is_limited():
    alice = rows.person(credits_nano=9 * DOLLAR, limit_nano=4 * DOLLAR)
    bound, free = key_of(alice), other_key(alice)
    own = limiter()
    assert tried(own, bound, PAID, 20)[0] == 4
    assert tried(own, free, PAID, 20)[0] == 5
    assert tried(own, bound, PAID, 20)[0] == 0


def test_a_debt_leaves_one_request_per_second():
    alice = rows.person(credits_nano=0)
    Account.objects.update_or_create(pk=alice.account_id, defaults={"posted_nano": 0})
    KeyBudget.objects.filter(pk=alice.key_id).update(limit_nano=DOLLAR, spent_nano=3 * DOLLAR)
    assert tried(limiter(), key_of(alice), PAID, 20)[0] == 1
    KeyBudget.objects.filter(pk=alice.key_id).update(spent_nano=0)


def test_more_keys_make_no_more_requests():
    alice = rows.person(credits_nano=3 * DOLLAR)
    own = limiter()
    for key, passes in [(key_of(alice), 3), *((other_key(alice), 0) for _ in range(4))]:
        assert tried(own, key, PAID, 9)[0] == passes


def test_free_models_do_not_ask_for_credits():
    alice = rows.person(credits_nano=0)
    passes, refusal = tried(limiter(), key_of(alice), FREE, 30)
    assert passes == 20
    assert refusal.metadata["limit_source"] == "openrouter_free_per_minute"
    assert tried(limiter(surge=7), key_of(alice), FREE, 30)[0] == 7


def test_today_is_counted_from_the_generations_that_gave_something():
    alice, bob = rows.person(), rows.person("bob")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = [
        {},
        {"cancelled": True, "tokens_completion": 0, "finish_reason": ""},
        {"finish_reason": "error", "tokens_completion": 7},
        {"created_at": midnight, "key_id": other_key(alice).id},
    ]
    ignored = [
        {"finish_reason": "error", "tokens_completion": 0},
        {"finish_reason": "error", "tokens_completion": 7, "streamed": False},
        {"created_at": midnight - timedelta(microseconds=1)},
        {"model": PAID[0]},
        {"user_id": bob.user_id},
    ]
    for number, fields in enumerate((*counted, *ignored)):
        generation(alice, number, **fields)
    assert load_free_today(alice.account_id)[0] == len(counted)
    passes, refusal = tried(limiter(free_per_day=6), key_of(alice), FREE, 9)
    assert passes == 6 - len(counted)
    assert refusal.metadata["limit_source"] == "openrouter_free_per_day"


def test_a_request_that_gave_nothing_is_given_back():
    alice = rows.person()
    key = key_of(alice)
    own = limiter(free_per_day=2)

    async def main():
        first = await own.admit(key, FREE)
        second = await own.admit(key, FREE)
        assert (await passed(own, key, FREE, 1))[0] == 0
        await first.ended(FREE[0])
        assert (await passed(own, key, FREE, 1))[0] == 0
        await second.ended(None)
        assert (await passed(own, key, FREE, 3))[0] == 1

    asyncio.run(main())


@pytest.mark.parametrize(("model_id", "left"), [(None, 1), (PAID[0], 1), (FREE[0], 0), ("", 0)])
def test_a_free_request_counts_when_a_free_model_answered_or_nobody_waited(model_id, left):
    alice = rows.person()
    own = limiter(free_per_day=1)

    async def main():
        ticket = await own.admit(key_of(alice), (*FREE, *PAID))
        await ticket.ended(model_id)
        return (await passed(own, key_of(alice), FREE, 3))[0]

    assert asyncio.run(main()) == left


def test_used_up_free_models_do_not_stop_a_request_that_can_pay():
    alice = rows.person(credits_nano=100 * DOLLAR)

    async def main():
        own = limiter(free_per_minute=2)
        tickets = [await own.admit(key_of(alice), (*PAID, *FREE)) for _ in range(4)]
        return [ticket.without_free for ticket in tickets], await passed(
            own, key_of(alice), FREE, 1
        )

    without_free, (passes, _) = asyncio.run(main())
    assert without_free == [False, False, True, True]
    assert passes == 0


def test_a_sorted_free_model_is_a_free_model():
    assert all(map(is_free, ("a/b:free", "a/b:free:floor", "a/b:free:nitro")))
    assert not any(map(is_free, ("a/b", "a/b:nitro", "free/b", "a/free", "a/b:freedom")))


def test_the_refused_are_told_which_limit_when_it_ends_and_what_helps(settings):
    settings.SITE_URL = "https://router.example"
    alice = rows.person(credits_nano=2 * DOLLAR)
    _, error = tried(limiter(), key_of(alice), PAID, 3)
    metadata = error.metadata
    assert (error.code, error.retry_after_s) == (429, 1)
    assert "2 requests per second" in error.message
    assert "https://router.example/settings/credits" in error.message
    assert metadata["limit_source"] == "openrouter_credits"
    assert (metadata["limit"], metadata["remaining"], metadata["retry_after_seconds"]) == (2, 0, 1)
    now_ms = datetime.now(UTC).timestamp() * 1000
    assert now_ms - 60_000 < metadata["reset"] < now_ms + 1500
    assert (
        error.headers()
        == metadata["headers"]
        == {
            "Retry-After": "1",
            "X-RateLimit-Limit": "2",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(metadata["reset"]),
        }
    )


def test_the_day_ends_at_midnight_utc():
    alice = rows.person()
    _, error = tried(limiter(free_per_day=1), key_of(alice), FREE, 2)
    reset = datetime.fromtimestamp(error.metadata["reset"] / 1000, UTC)
    assert (reset.hour, reset.minute, reset.second) == (0, 0, 0)
    assert 1 <= error.retry_after_s <= 86_400


def test_requests_that_ask_no_model_only_meet_the_surge_limit():
    own = limiter(surge=9)
    for _ in range(9):
        own.read("user:1")
    with pytest.raises(RateLimited) as refused:
        own.read("user:1")
    assert refused.value.metadata["limit_source"] == "openrouter_surge"
    own.read("user:2")


def test_limits_can_be_off(settings):
    settings.RATE_LIMITS = False
    alice = rows.person(credits_nano=0)

    async def main():
        for _ in range(500):
            await (await limits.admit(key_of(alice), (*PAID, *FREE))).ended(None)
        limits.read(alice.account_id)
        await limits.watch()

    asyncio.run(main())


def test_a_missing_key_or_account_has_no_credits():
    alice = rows.person(credits_nano=0)
    ApiKey.objects.filter(pk=alice.key_id).delete()
    assert tried(limiter(), key_of(alice), PAID, 5)[0] == 1


def test_without_redis_each_process_takes_its_share_and_the_day_is_the_databases():
    alice = rows.person(credits_nano=1000 * DOLLAR)
    shares = [tried(limiter(processes=16), key_of(alice), PAID, 99)[0] for _ in range(16)]
    assert sum(shares) == 192
    for number in range(5):
        generation(alice, number)
    assert tried(limiter(processes=4, free_per_day=8), key_of(alice), FREE, 9)[0] == 3


def test_with_redis_two_processes_count_together(tool):
    alice, bob = rows.person(), rows.person("bob")

    async def main(url):
        minute = [limiter(redis_url=url, processes=2, free_per_minute=5) for _ in range(2)]
        day = [limiter(redis_url=url, processes=2, free_per_day=3) for _ in range(2)]
        watching = [asyncio.create_task(each.watch()) for each in (*minute, *day)]
        in_a_minute = [(await passed(each, key_of(alice), FREE, 4))[0] for each in minute]
        ticket = await day[0].admit(key_of(bob), FREE)
        in_a_day = [(await passed(each, key_of(bob), FREE, 2))[0] for each in day]
        await ticket.ended(None)
        again = (await passed(day[1], key_of(bob), FREE, 2))[0]
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        return in_a_minute, in_a_day, again

    with running(tool("redis-server")) as url:
        assert asyncio.run(main(url)) == ([4, 1], [2, 0], 1)
