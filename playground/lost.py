"""Runs whose process died: what they cost is what recovery settled (billing.recovery), and their
rows say `lost`. Any process does it; blocking."""

from __future__ import annotations

import logging
from typing import Any

from billing.models import Generation, Hold
from openrouter_site.money import format_amount
from playground import instances
from playground.models import Message

logger = logging.getLogger(__name__)

_ROWS_AT_ONCE = 500
_State = Message.State


def sweep() -> int:
    """How many are lost now. One whose hold is still open waits for the next time."""
    running = Message.objects.filter(state=_State.RUNNING)
    orphans = running.exclude(instance_id__in=instances.living()).order_by()
    count = 0
    for run, generation_id in orphans.values_list("pk", "generation_id")[:_ROWS_AT_ONCE]:
        count += _lost(run, generation_id)
    if count:
        logger.warning("%d answers of the Playground were lost with their process", count)
    return count


def _lost(run: str, generation_id: str) -> bool:
    if _is_open(generation_id):
        return False
    generation = Generation.objects.filter(pk=generation_id).first()
    known = {} if generation is None else _columns(generation)
    return bool(
        Message.objects.filter(pk=run, state=_State.RUNNING).update(
            state=_State.LOST, **{"cost_nano": 0, "generation_id": "", **known}
        )
    )


def _is_open(generation_id: str) -> bool:
    return Hold.objects.filter(pk=generation_id, state=Hold.State.OPEN).exists()


def _columns(generation: Generation) -> dict[str, Any]:
    usage = {
        "prompt_tokens": generation.native_tokens_prompt,
        "completion_tokens": generation.native_tokens_completion,
    }
    return {
        "cost_nano": generation.cost_nano,
        "generation_id": generation.pk,
        "model": generation.model,
        "provider_name": generation.provider_name,
        "figures": {"usage": usage},
    }


def done_of(generation_id: str) -> dict[str, Any] | None:
    """The fields of run.done of a run that is in no row; None while it is not settled."""
    if _is_open(generation_id):
        return None
    generation = Generation.objects.filter(pk=generation_id).first()
    known = {} if generation is None else _columns(generation)
    return {
        "state": str(_State.LOST),
        "finish": None,
        "generation": known.get("generation_id"),
        "provider": known.get("provider_name") or None,
        "model": known.get("model") or None,
        "cost": format_amount(known.get("cost_nano", 0)),
        "usage": known.get("figures", {}).get("usage"),
        "ttft_ms": None, "duration_ms": None, "tokens_per_second": None, "cancelled": None,
        "attempts": [], "error": None,
    }  # fmt: skip
