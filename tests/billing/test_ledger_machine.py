"""Any order of operations, repeated, late and lost ones too: the ledger and an independent model
agree after each step, and the invariants hold. In memory with hypothesis, which finds the shortest
story that fails; on the real database as a random walk.

LEDGER_STEPS=100000 walks further, LEDGER_SEED repeats a walk.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_steps import STEPS, Story, draw_step, step_strategy
from ledger_stores import Memory, Real

STEPS_IN_ALL = int(os.environ.get("LEDGER_STEPS", "2000"))
SEED = int(os.environ.get("LEDGER_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
# A new ledger now and then: each comparison reads all rows there are.
STEPS_EACH = 200
STEPS_BETWEEN_CHECKS = 50
# A cost beyond its hold is nearly always ours (OVERRUN=absorb is the default).
CHARGED_SHARE = 0.2


@given(steps=st.lists(step_strategy(), min_size=20, max_size=60), absorb=st.booleans())
@settings(
    max_examples=100, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_ledger_in_memory(steps, absorb):
    story = Story(Memory(), absorb=absorb)
    for step in steps:
        story.take(step)


def walk(store, seed, steps, taken):
    """`steps` of the walk that this seed makes; a failure names the seed and the last steps."""
    rng = random.Random(seed)
    try:
        story = Story(store, absorb=rng.random() >= CHARGED_SHARE)
        for number in range(steps):
            step = draw_step(rng)
            taken[step[0]] += 1
            try:
                story.take(step)
                if number % STEPS_BETWEEN_CHECKS == 0:
                    store.check()
            except BaseException:
                print(f"LEDGER_SEED={seed} LEDGER_STEPS={steps}: step {number} is {step}")
                print("before it:", *story.history, sep="\n  ")
                raise
    finally:
        store.close()


@pytest.mark.timeout(120 + STEPS_IN_ALL // 20)
def test_ledger_on_the_database(fresh_database):
    taken = Counter()
    for number in range(-(-STEPS_IN_ALL // STEPS_EACH)):
        if number:
            fresh_database()
        steps = min(STEPS_EACH, STEPS_IN_ALL - number * STEPS_EACH)
        # The seed of a failure is the one to give: it is then the first.
        walk(Real(), SEED + number, steps, taken)
    print(f"LEDGER_SEED={SEED}: {sum(taken.values())} steps, {dict(taken)}", file=sys.stderr)
    if STEPS_IN_ALL >= 2000:
        assert taken.keys() == STEPS.keys()
