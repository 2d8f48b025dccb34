"""What POST /api/v1/route tells of a plan: one moment, whatever changes while it is told."""

from __future__ import annotations

import asyncio
import itertools
from random import Random

import pytest
from routing_builders import MICRO, Caller, catalog, chat_request, endpoint, model, size

from routing.health import Health
from routing.plan import plan
from routing.rehearsal import FirstSight, rehearse

A, B, C = (endpoint(n, name, n * MICRO, n * MICRO) for n, name in enumerate("ABC", start=1))


@pytest.mark.parametrize("window_s", range(1, 40))
def test_a_failure_forgotten_meanwhile_contradicts_nothing(window_s):
    """Each look at the clock takes a second, so that in some case each look is the last one."""
    health = Health(window_s=window_s, clock=itertools.count().__next__)
    health.failed(A.id)
    found = plan(
        chat_request(), Caller(), catalog(model(A, B, C)), FirstSight(health), Random(1),
        size=size(),
    )  # fmt: skip
    (route,) = asyncio.run(rehearse(found))["routes"]
    marked = [each["provider"] for each in route["endpoints"] if not each["stable"]]
    hopeless = [each["provider"] for each in route["endpoints"] if each["odds"] == 0]
    assert marked == hopeless
    assert marked in ([], ["A"])
    assert not marked or route["endpoints"][-1]["provider"] == "A"
    assert sum(each["odds"] for each in route["endpoints"]) == pytest.approx(1, abs=0.001)
