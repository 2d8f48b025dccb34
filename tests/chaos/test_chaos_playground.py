"""kill -9 of the server while the Playground's answers run: each is settled once, its row says
`lost` with what it cost, and pages that come back are told so.

CHAOS_SEED repeats a run's choices.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from chaos_size import sized
from gateway_process import wait_until

sys.path.append(str(Path(__file__).resolve().parent.parent / "playground"))

from playground_client import Page, person

KILLS = sized(3, 25)
RUNS = sized(8, 20)
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
# A dead process is noticed after 2 s instead of 30 s.
SCALE = 0.07


@pytest.fixture(scope="module")
def gateway(new_gateway):
    return new_gateway(TIMEOUT_SCALE=str(SCALE), FIRST_CONTENT_TIMEOUT_S="200").start()


def begin(page, rng):
    """Some are nearly over when the server dies, some have not yet said a word."""
    return page.start(
        f"[[simulate tokens={rng.choice((20, 200, 3000))} tps=50"
        f" ttft_ms={rng.choice((10, 300, 5000))}]]"
    )


def killed_amid(gateway, person, rng):
    """The runs of a page whose server died, and their answers as far as they came."""
    with Page(person) as page:
        runs = [begin(page, rng) for _ in range(RUNS)]
        page.until(lambda: all(page.answer(run).events for run in runs), "all to be accepted")
        until_s = time.monotonic() + rng.uniform(0.2, 3)
        while time.monotonic() < until_s:
            try:
                page.read(0.1)
            except TimeoutError:
                continue
        page.send("run.stop", runs=rng.sample(runs, 2))
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0, 0.05))
        gateway.process.kill()
        gateway.process.wait()
    return runs, page.answers


@pytest.mark.timeout(120 + 30 * KILLS)
def test_runs_are_settled_once_when_the_server_is_killed(gateway):
    print(f"CHAOS_SEED={SEED} KILLS={KILLS}")
    rng, alice = random.Random(SEED), person(gateway, credits="1000")
    everything = []
    for _ in range(KILLS):
        runs, answers = killed_amid(gateway, alice, rng)
        gateway.start()
        with Page(alice) as page:
            for run in runs:
                if answers[run].done is None:
                    page.resume(run, answers[run].seq)
                    answers[run] = page.done(run, 60)
        everything += [(run, answers[run].done) for run in runs]
    gateway.verify()
    rows = {row["id"]: row for row in alice.answers()}
    costs = _charged(gateway, alice)
    for run, done in everything:
        row = rows[run]
        assert row["state"] == done["state"] != "running"
        assert row["cost_nano"] == costs.pop(row["generation"], 0), row
    # Nothing was charged that no answer has.
    assert costs == {}
    states = Counter(row["state"] for row in rows.values())
    print(states)
    assert states["lost"] > 0 and len(rows) == KILLS * RUNS


def _charged(gateway, person):
    """Nano-dollars by generation; each charged once."""
    rows = gateway.sql(
        "SELECT ref, amount_nano FROM billing_transfer WHERE debit = %s AND credit = 'revenue'",
        f"user:{person.user_id}",
    )
    assert len({row["ref"] for row in rows}) == len(rows)
    return {row["ref"]: row["amount_nano"] for row in rows}


def test_no_run_stays_behind(gateway):
    """After everything, nothing is said to be running."""
    wait_until(
        lambda: not gateway.sql("SELECT id FROM playground_message WHERE state = 'running'"),
        "all rows to be ended",
    )
