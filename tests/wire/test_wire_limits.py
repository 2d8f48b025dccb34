"""Rate limits over the wire: one server, several with and without Redis, and a Redis in trouble.

Every other test runs with RATE_LIMITS=0.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from gateway_process import free_port, unique, wait_until
from wire_client import CHAT, COMPLETIONS, TURBO, bearer, chat, get, request, stream, user

sys.path.append(str(Path(__file__).resolve().parents[1] / "billing"))

from redis_server import running

pytestmark = pytest.mark.database

FREE, OTHER_FREE = "mistralai/mistral-7b-instruct:free", "openchat/openchat-7b:free"
THREADS = 8


@pytest.fixture(scope="module")
def limited(new_gateway):
    """One server with the limits as they come."""
    return new_gateway(RATE_LIMITS="1").start()


@pytest.fixture(scope="module")
def sparing(new_gateway):
    """One server that gives four free requests a day."""
    return new_gateway(RATE_LIMITS="1", FREE_REQUESTS_PER_DAY="4").start()


@pytest.fixture
def several(new_gateway):
    """Starts servers on one database: `several(2, REDIS_URL=...)`."""

    def start(count, **environment):
        made = [new_gateway(RATE_LIMITS="1", **environment) for _ in range(count)]
        for server in made[1:]:
            for name in ("DATABASE_URL", "DATA_DIR"):
                server.environment[name] = made[0].environment[name]
        for server in made:
            server.start()
        return made

    return start


def another_key(gateway, caller):
    """Of the same account."""
    (row,) = gateway.sql("SELECT email FROM accounts_user WHERE id = %s", caller.user_id)
    return gateway.caller(credits="0", email=row["email"])


def asking(model=TURBO, **body):
    return json.dumps({"model": model, "messages": user("Tell me of Rome"), **body}).encode()


def hammer(ports_and_keys, body, times=None, seconds=None, meanwhile=None):
    """Statuses of as many requests as THREADS connections can send, spread over all of them."""
    # A list, which threads may share: a Counter loses the first of two that come at once.
    statuses, turn = [], itertools.count()
    until = time.monotonic() + (seconds or 3600)

    def work(port, key):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        while time.monotonic() < until and (times is None or next(turn) < times):
            connection.request("POST", CHAT, body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    pairs = itertools.islice(itertools.cycle(ports_and_keys), THREADS)
    threads = [threading.Thread(target=work, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    if meanwhile is not None:
        meanwhile()
    for thread in threads:
        thread.join()
    return Counter(statuses)


def at_once(gateway, callers, body, times):
    return hammer([(gateway.port, caller.key) for caller in callers], body, times)


def refused(answers):
    """The one answer among them that is a 429, and its error."""
    answer = next(answer for answer in answers if answer.status == 429)
    return answer, answer.error


# --- One server --------------------------------------------------------------------------------


def test_the_second_request_in_a_second_without_credits_is_refused_and_told_why(limited):
    alice = limited.caller(credits="0")
    answers = [chat(limited, alice, "Rome", max_tokens=5) for _ in range(6)]
    assert {answer.status for answer in answers} == {402, 429}
    assert answers[0].status == 402
    answer, error = refused(answers)
    metadata = error["metadata"]
    assert "1 request per second" in error["message"] and "add credits at" in error["message"]
    assert metadata["limit_source"] == "openrouter_credits"
    assert (metadata["limit"], metadata["remaining"], metadata["retry_after_seconds"]) == (1, 0, 1)
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-ratelimit-limit"] == "1"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["x-ratelimit-reset"] == str(metadata["reset"])
    assert metadata["headers"]["Retry-After"] == "1"
    assert all("x-ratelimit-limit" not in each.headers for each in answers if each.status != 429)
    exposed = answer.headers["access-control-expose-headers"]
    assert "X-RateLimit-Reset" in exposed and "Retry-After" in exposed


def test_five_keys_and_any_address_are_one_account(limited):
    alice = limited.caller(credits="3")
    callers = [alice, *(another_key(limited, alice) for _ in range(4))]
    began_s = time.monotonic()
    answers = [
        request(limited, "POST", CHAT, asking(max_tokens=1), bearer(caller, **spoofed))
        for number, caller in enumerate(callers * 6)
        for spoofed in [{"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"10.0.0.{number}"}]
    ]
    statuses = Counter(answer.status for answer in answers)
    # Three in each second that it took, however long that was.
    assert 3 <= statuses[200] <= 3 * (int(time.monotonic() - began_s) + 1)
    assert set(statuses) == {200, 429}


def test_the_surge_limit_is_for_whatever_is_asked(new_gateway):
    gateway = new_gateway(RATE_LIMITS="1", RATE_LIMIT_SURGE="1").start()
    alice = gateway.caller(credits="500")
    media = {"model": "openai/shap-e", "prompt": "a chair"}
    paths = {
        CHAT: asking(),
        COMPLETIONS: json.dumps({"model": TURBO, "prompt": "Rome"}).encode(),
        "/api/v1/objects/generations": json.dumps(media).encode(),
        "/api/v1/route": asking(),
    }
    for path, body in paths.items():
        answers = [request(gateway, "POST", path, body, bearer(alice)) for _ in range(6)]
        _, error = refused(answers)
        assert error["metadata"]["limit_source"] == "openrouter_surge"
    answers = [request(gateway, "GET", "/api/v1/key", headers=bearer(alice)) for _ in range(12)]
    _, error = refused(answers)
    assert error["metadata"]["limit_source"] == "openrouter_surge"


def test_what_is_refused_before_costs_no_request(limited):
    alice = limited.caller(credits="1")
    assert [chat(limited, alice, "").status for _ in range(9)] == [400] * 9
    assert chat(limited, alice, "Rome", max_tokens=1).status == 200


def test_the_21st_free_request_in_a_minute_is_refused_over_five_keys(limited):
    alice = limited.caller(credits="0")
    callers = [alice, *(another_key(limited, alice) for _ in range(4))]
    statuses = at_once(limited, callers, asking(FREE, max_tokens=1), 15)
    statuses += at_once(limited, callers, asking(OTHER_FREE, max_tokens=1), 15)
    assert statuses == {200: 20, 429: 10}
    error = chat(limited, alice, "Rome", FREE).error
    assert error["message"].startswith("Rate limit exceeded: free-models-per-min")
    assert error["metadata"]["limit_source"] == "openrouter_free_per_minute"
    assert 1 <= error["metadata"]["retry_after_seconds"] <= 60
    assert limited.sql(
        "SELECT COUNT(*) AS n FROM billing_generation WHERE user_id = %s", alice.user_id
    ) == [{"n": 20}]


def test_a_sorted_free_model_is_limited_like_the_others(limited):
    alice = limited.caller(credits="0")
    statuses = at_once(limited, [alice], asking(f"{FREE}:floor", max_tokens=1), 30)
    assert statuses == {200: 20, 429: 10}


def remaining(gateway, caller):
    return get(gateway, caller, "/auth/key")["free_model_daily_requests"]["remaining"]


def test_the_day_ends_a_failed_request_does_not_count_and_a_restart_forgets_nothing(sparing):
    alice = sparing.caller(credits="0")
    assert remaining(sparing, alice) == 4
    fails = f"Rome {unique()} [[simulate status=400]]"
    assert [chat(sparing, alice, fails, FREE).status for _ in range(3)] == [400] * 3
    assert stream(sparing, alice, f"{unique()} [[simulate status=503]]", FREE).status == 502
    assert chat(sparing, alice, "Rome", f"{FREE}:online").status == 400
    assert remaining(sparing, alice) == 4
    assert stream(sparing, alice, "Tell me of Rome", FREE).is_done
    cut = stream(sparing, alice, f"Rome {unique()} [[simulate cut_after=5 tokens=9]]", FREE)
    assert cut.text and not cut.is_done
    assert remaining(sparing, alice) == 2
    sparing.stop()
    sparing.start()
    assert remaining(sparing, alice) == 2
    answers = [chat(sparing, alice, "Rome", FREE) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429, 429]
    error = answers[-1].error
    assert error["message"].startswith("Rate limit exceeded: free-models-per-day")
    assert error["metadata"]["limit_source"] == "openrouter_free_per_day"
    assert error["metadata"]["limit"] == 4
    assert remaining(sparing, alice) == 0
    assert error["metadata"]["reset"] % 86_400_000 < 1000


def test_used_up_free_models_leave_the_paid_ones_of_the_same_request(sparing):
    alice = sparing.caller(credits="500")
    asked = {"models": [FREE, TURBO], "max_tokens": 1}
    answers = [chat(sparing, alice, "Rome", FREE, **asked) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 6
    assert [answer.json["model"] for answer in answers] == [FREE] * 4 + [TURBO] * 2
    # Paid first: the free fallback is not used, and not counted.
    bob = sparing.caller(credits="500")
    for _ in range(6):
        assert chat(sparing, bob, "Rome", TURBO, models=[FREE], max_tokens=1).status == 200
    assert remaining(sparing, bob) == 4
    assert chat(sparing, bob, "Rome", FREE, max_tokens=1).status == 200


def test_the_key_tells_the_limit_in_force(limited, gateway):
    key = get(limited, limited.caller(credits="7.5"), "/auth/key")
    assert (key["rate_limit"]["requests"], key["rate_limit"]["interval"]) == (7, "1s")
    assert key["free_model_daily_requests"] == {"limit": 200, "used": 0, "remaining": 200}
    # Where limits are off, it says so in the words of today's OpenRouter.
    assert get(gateway, gateway.caller(), "/key")["rate_limit"]["requests"] == -1


# --- Several servers ---------------------------------------------------------------------------


def over(servers, callers):
    return [(server.port, caller.key) for server in servers for caller in callers]


def test_two_servers_with_redis_give_exactly_the_limit(several, tool):
    with running(tool("redis-server")) as url:
        servers = several(2, REDIS_URL=url, RATE_LIMIT_REDIS_TIMEOUT_S="2")
        alice = servers[0].caller(credits="0")
        callers = [alice, another_key(servers[0], alice)]
        statuses = hammer(over(servers, callers), asking(FREE, max_tokens=1), 80)
        assert statuses == {200: 20, 429: 60}
        for server in servers:
            server.stop()


def test_two_processes_without_redis_share_the_limit_among_them(several):
    (server,) = several(1, WORKERS="2")
    alice = server.caller(credits="0")
    statuses = hammer([(server.port, alice.key)], asking(FREE, max_tokens=1), 80)
    # All connections may have found the same process.
    assert 10 <= statuses[200] <= 20
    assert set(statuses) == {200, 429}


def test_the_day_is_shared_through_redis_and_given_back_there(several, tool):
    with running(tool("redis-server")) as url:
        servers = several(
            2, REDIS_URL=url, RATE_LIMIT_REDIS_TIMEOUT_S="2", FREE_REQUESTS_PER_DAY="3"
        )
        alice = servers[0].caller(credits="0")
        fails = f"Rome {unique()} [[simulate status=400]]"
        for server in servers * 3:
            assert chat(server, alice, fails, FREE).status == 400
        answers = [chat(server, alice, "Rome", FREE).status for server in servers * 3]
        assert answers == [200, 200, 200, 429, 429, 429]
        for server in servers:
            server.stop()


# --- Redis in trouble --------------------------------------------------------------------------


def check_nobody_noticed(server, statuses, seconds):
    """No 5xx, the limit of 3 a second about kept, and the money right."""
    assert set(statuses) <= {200, 429}, statuses
    assert statuses[200] >= 3
    # By Redis, then by the process alone: at worst each begins with a fresh second.
    assert statuses[200] <= 3 * (seconds + 3)
    server.verify()
    charged = server.sql("SELECT COUNT(*) AS n FROM billing_transfer WHERE kind = 'capture'")
    assert charged == [{"n": statuses[200]}]


def test_redis_may_be_killed_and_come_back_in_the_middle(several, tool):
    port, seconds = free_port(), 6
    with contextlib.ExitStack() as first:
        url = first.enter_context(running(tool("redis-server"), port))
        (server,) = several(1, REDIS_URL=url)
        alice = server.caller(credits="3.5")

        def kill_and_start_again():
            time.sleep(1.5)
            first.close()
            time.sleep(1.5)
            again.enter_context(running(tool("redis-server"), port))

        with contextlib.ExitStack() as again:
            body = asking(max_tokens=1)
            statuses = hammer(
                [(server.port, alice.key)], body, seconds=seconds, meanwhile=kill_and_start_again
            )
            check_nobody_noticed(server, statuses, seconds)
            assert "Redis is away" in server.log()
            wait_until(lambda: "shared through Redis again" in server.log(), "Redis to be back")
            server.stop()


@contextlib.contextmanager
def black_hole():
    """Something that takes connections and never answers: its port."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()


def test_a_redis_that_never_answers_delays_nobody(several):
    with black_hole() as port:
        (server,) = several(1, REDIS_URL=f"redis://127.0.0.1:{port}/0")
        alice = server.caller(credits="3.5")
        statuses = hammer([(server.port, alice.key)], asking(max_tokens=1), seconds=3)
        check_nobody_noticed(server, statuses, 3)
        # Had each waited for Redis (50 ms), 8 connections would have had 480 answers at most.
        assert sum(statuses.values()) > 480
        assert "Redis is away" in server.log()
        server.stop()
