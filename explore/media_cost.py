"""What objects of a media model cost: steps x outputs, by the numbers in the address."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from catalog.snapshot import Model
from routing.media_request import OUTPUTS_MAX, STEPS_MAX, cost_nano

_STEPS, _OUTPUTS = 32, 1


@dataclass(frozen=True, slots=True)
class MediaCost:
    """`unit_nano` is what `unit_steps` steps of one object cost."""

    unit_nano: int
    unit_steps: int
    steps: int
    outputs: int
    cost_nano: int
    steps_max: int = STEPS_MAX
    outputs_max: int = OUTPUTS_MAX


def of(model: Model, query: QueryDict) -> MediaCost | None:
    """None for what has no such price. Numbers that make no sense are brought to the nearest that
    does."""
    if not model.media_pricing:
        return None
    steps = _number(query.get("steps"), _STEPS, STEPS_MAX)
    outputs = _number(query.get("outputs"), _OUTPUTS, OUTPUTS_MAX)
    unit_steps = int(model.media_pricing.get("steps") or 1)
    return MediaCost(
        cost_nano(model, unit_steps, 1), unit_steps, steps, outputs,
        cost_nano(model, steps, outputs),
    )  # fmt: skip


def _number(text: str | None, usual: int, most: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 9:
        return usual
    return min(max(int(text), 1), most)
