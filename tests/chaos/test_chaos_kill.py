"""kill -9 of servers at random moments under streaming clients: what was promised to clients and
providers is in the books, and nothing is there twice (F1).

CHAOS_KILLS=200 kills more often than the ordinary suite; CHAOS_SEED repeats a run's choices.
"""

from __future__ import annotations

import http.client
import os
import random
import time
from collections import Counter

import pytest
from chaos_history import broken_promises
from chaos_load import Load
from chaos_servers import Nursery
from chaos_size import sized
from gateway_process import free_port, wait_until

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
CLIENTS = sized(20, 40)
SERVERS = 3
# A dead process is noticed after 3 s instead of 30 s, and swept for every 1.5 s. With less, one
# that lives and has no turn for a moment would be taken for dead.
SCALE = 0.1
ALL_RECOVERED_S = 60 * SCALE


@pytest.fixture(scope="module")
def servers(new_gateway):
    """Servers on one database, so that one serves while others are dead."""
    desk = new_gateway(TIMEOUT_SCALE=str(SCALE))
    nursery = Nursery(desk.environment, desk.log_path)
    made = [Killable(nursery) for _ in range(SERVERS)]
    for server in made:
        server.launch()
    for server in made:
        server.wait_for()
    yield desk, made
    nursery.close()


class Killable:
    """A server that comes back at the port it had."""

    def __init__(self, nursery):
        self._nursery = nursery
        self.port = free_port()
        self.process = None

    def launch(self):
        """Start it and do not wait."""
        self.process = self._nursery.start(self.port)

    def wait_for(self):
        """Until it serves; a server that does not, says why."""
        try:
            wait_until(self._is_back, "the server")
        except AssertionError:
            print(self._nursery.said())
            raise

    def _is_back(self):
        assert self.process.poll() is None, "the server gave up"
        return self.is_healthy()

    def is_healthy(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def kill_at_random(servers, rng, kills):
    """Kill one server after the other; all may be dead for a while."""
    for _ in range(kills):
        victim = None
        while victim is None:
            time.sleep(rng.uniform(0, 0.4))
            candidate = rng.choice(servers)
            if candidate.is_healthy():
                victim = candidate
        victim.process.kill()
        victim.process.wait()
        victim.launch()


@pytest.mark.timeout(120 + 6 * KILLS)
def test_books_keep_every_promise_when_servers_are_killed(servers):
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    ledger, servers = servers
    load = Load(servers, ledger.caller(credits="10000"), SEED)
    with load.running(CLIENTS):
        kill_at_random(servers, random.Random(SEED), KILLS)
        time.sleep(0.5)
    for server in servers:
        server.wait_for()
    until = time.monotonic() + ALL_RECOVERED_S + 20
    while ledger.open_holds() and time.monotonic() < until:
        time.sleep(0.05)

    told = Counter(each.ending for each in load.history)
    states = Counter(row["state"] for row in ledger.sql("SELECT state FROM billing_hold"))
    print(f"clients: {dict(told)}; holds: {dict(states)}")
    assert ledger.open_holds() == []
    verified = ledger.desk("command", name="verify_ledger")
    assert verified["status"] == 0, verified["output"]
    assert broken_promises(load.history, ledger) == []
    # The run was worth something: answers came, and holds were orphaned.
    assert told["whole"] > 5 * KILLS
    assert states["recovered"] > 0
