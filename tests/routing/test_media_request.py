"""What may be asked of 3D objects, and what it costs."""

from __future__ import annotations

import json

import pytest
from routing_builders import endpoint, model

from openrouter_site.errors import BadRequest
from routing.media_request import MediaRequest, cost_nano, parse

PRICING = {"usd": "0.01", "unit": "32 steps", "steps": 32}


def parsed(**fields):
    return parse(json.dumps({"prompt": "a chair", **fields}).encode())


def cost(steps, outputs, pricing=PRICING):
    return cost_nano(model(endpoint(), media_pricing=pricing), steps, outputs)


def test_what_is_not_said_is_the_documentations_example():
    assert parsed() == parsed(num_outputs=None, extension=None, stream=True)
    assert parsed() == MediaRequest("a chair", "openai/shap-e", 32, 1, "ply")


def test_a_prompt_may_have_several_lines_and_any_letters():
    assert parsed(prompt="eine\nBlüte 🌸").prompt == "eine\nBlüte 🌸"


def test_the_prompt_is_in_no_repr():
    assert "chair" not in repr(parsed())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", 7),
        ("num_outputs", 0),
        ("num_outputs", "2"),
        ("num_inference_steps", 10**30),
        ("extension", "glb"),
        ("model", ["openai/shap-e"]),
    ],
)
def test_what_it_may_not_be_is_named(field, value):
    with pytest.raises(BadRequest) as refused:
        parsed(**{field: value})
    assert refused.value.metadata["field"] == field
    assert field in refused.value.message


def test_the_price_is_for_so_many_steps_of_all_outputs():
    assert cost(32, 1) == 10_000_000
    assert cost(32, 4) == cost(128, 1) == 40_000_000
    assert cost(1, 1) == 312_500


def test_half_a_nano_dollar_is_one():
    halves, thirds = ({"usd": "0.000000001", "steps": steps} for steps in (2, 3))
    assert cost(1, 1, halves) == 1
    assert cost(1, 1, thirds) == 0
    assert cost(2, 1, thirds) == 1
