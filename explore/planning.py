"""What routing would do with a request now: the same plan as that of the API, made for a page."""

from __future__ import annotations

import random

from django.conf import settings

from accounts.callers import Caller
from catalog import live
from routing import condition, statistics
from routing.plan import Plan, plan
from routing.pricing import Size
from routing.request import ChatRequest

_rng = random.Random()


def planned(request: ChatRequest, caller: Caller, size: Size) -> Plan:
    """Nothing is sent. Health is as the processes last reported it. Raises ApiError."""
    return plan(
        request, caller, live.catalog(), condition.current(), _rng,
        size=size, exponent=settings.ROUTING_PRICE_EXPONENT,
        figures=statistics.current().get, own_fee_bp=settings.BYOK_FEE_BP,
    )  # fmt: skip
