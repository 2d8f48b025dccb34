"""What a caller asks for when it wants 3D objects: `parse` is the only validation. Pure.

Source: seed, section 3D Objects (beta). Unknown fields are ignored, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from catalog.snapshot import Model
from openrouter_site.errors import BadRequest
from openrouter_site.money import parse_amount
from routing.parameters import Check, integer, invalid, one_of, text

DEFAULT_MODEL = "openai/shap-e"
PROMPT_CHARACTERS_MAX = 1_000
STEPS_MAX = 128
OUTPUTS_MAX = 4


def _prompt(name: str, value: Any) -> str:
    if type(value) is str and value.strip() and len(value) <= PROMPT_CHARACTERS_MAX:
        return value
    raise invalid(name, f"must be a text of 1 to {PROMPT_CHARACTERS_MAX} characters")


_FIELDS: dict[str, Check] = {
    "prompt": _prompt,
    "model": text(256),
    "num_inference_steps": integer(1, STEPS_MAX),
    "num_outputs": integer(1, OUTPUTS_MAX),
    "extension": one_of("ply"),
}


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A checked request. What the caller wrote is not in the repr."""

    prompt: str = field(repr=False)
    model: str = DEFAULT_MODEL
    num_inference_steps: int = 32
    num_outputs: int = 1
    extension: str = "ply"


def parse(body: bytes) -> MediaRequest:
    """The request in the body of POST /objects/generations; raises BadRequest naming the field."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        reason = f"{error.msg} at byte {error.pos}"
        raise BadRequest(f"The body is not JSON: {reason}", {"field": "body"}) from None
    if type(given) is not dict:
        raise BadRequest("The body must be a JSON object", {"field": "body"})
    checked = {
        name: check(name, given[name])
        for name, check in _FIELDS.items()
        if given.get(name) is not None
    }
    if "prompt" not in checked:
        raise invalid("prompt", "is required: say what the object should be")
    return MediaRequest(**checked)


def cost_nano(model: Model, steps: int, outputs: int) -> int:
    """The price of the model, which is for so many steps, in proportion; rounded half up, once."""
    pricing = model.media_pricing or {}
    units, per_units = steps * outputs, int(pricing.get("steps") or 1)
    return (2 * parse_amount(pricing.get("usd") or 0) * units + per_units) // (2 * per_units)
