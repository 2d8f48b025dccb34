"""Prompts and answers too long for an endpoint: who is dropped, and when middle-out helps."""

from __future__ import annotations

from random import Random

import pytest
from routing_builders import (
    LLAMA,
    Caller,
    catalog,
    chat_request,
    endpoint,
    model,
    provider,
    size,
)

from openrouter_site.errors import BadRequest, Unavailable
from routing.health import Health
from routing.plan import plan
from routing.preferences import ProviderPreferences

SHORT, MIDDLE, LONG = (
    endpoint(1, "Short", context_length=4096),
    endpoint(2, "Middle", context_length=8192),
    endpoint(3, "Long", context_length=32_768),
)


def planned(*endpoints, prompt=100, max_tokens=None, models=(), models_asked=(), **fields):
    tokenizer = fields.pop("tokenizer", "GPT")
    messages_max = fields.pop("messages_max", None)
    caller = fields.pop("caller", Caller())
    known = model(*endpoints, tokenizer=tokenizer, messages_max=messages_max)
    return plan(
        chat_request(max_tokens=max_tokens, models=models_asked, **fields), caller,
        catalog(known, *models), Health(), Random(1), size=size(prompt, max_tokens=max_tokens),
    )  # fmt: skip


def ids(found):
    return {endpoint.id for endpoint in found.routes[0].endpoints}


def test_whoever_can_hold_it_all_serves_it_and_nothing_is_cut():
    found = planned(SHORT, MIDDLE, LONG, prompt=6000)
    assert ids(found) == {2, 3}
    assert found.routes[0].compression is None
    assert [(drop.provider, drop.reason) for drop in found.dropped] == [("Short", "context length")]


def test_the_answer_needs_room_too():
    assert ids(planned(MIDDLE, LONG, prompt=6000, max_tokens=3000)) == {3}


def test_a_family_that_counts_more_tokens_is_full_earlier():
    assert ids(planned(MIDDLE, LONG, prompt=7900)) == {2, 3}
    assert ids(planned(MIDDLE, LONG, prompt=7900, tokenizer="Llama2")) == {3}


def test_when_nobody_can_the_longest_serve_what_is_left_of_it():
    """Seed, Prompt Transforms: middle-out is the default of all models."""
    found = planned(SHORT, MIDDLE, endpoint(4, "Same", context_length=8000), prompt=20_000)
    compression = found.routes[0].compression
    assert ids(found) == {2, 4}
    # Of 8,000 tokens a quarter stays free for the answer, and some percent for other tokenizers.
    assert 5000 < compression.budget_tokens <= 6000
    assert compression.native_tokens_max == 6000


def test_middle_out_leaves_the_answer_the_room_it_asks_for():
    found = planned(MIDDLE, prompt=20_000, max_tokens=6000)
    assert found.routes[0].compression.native_tokens_max == 8192 - 6000


@pytest.mark.parametrize("max_tokens", [None, 50])
def test_without_transforms_it_is_400_with_the_figures(max_tokens):
    with pytest.raises(BadRequest, match=r"maximum context length is 8192 tokens") as refused:
        planned(SHORT, MIDDLE, prompt=20_000, max_tokens=max_tokens, transforms=())
    assert refused.value.metadata["error_type"] == "context_length_exceeded"
    assert refused.value.metadata["prompt_tokens"] == 20_000
    assert "middle-out" in refused.value.message
    assert f"({20_000} of text input, {max_tokens or 0} in the output)" in refused.value.message


def test_without_transforms_the_next_model_has_it():
    other = model(endpoint(9, "Roomy", context_length=100_000, model_id="big"), id="big")
    found = planned(
        SHORT, prompt=20_000, transforms=(), models=[other], model=LLAMA, models_asked=("big",)
    )
    assert [route.model.id for route in found.routes] == ["big"]


def test_too_many_messages_are_cut_though_the_context_has_room():
    found = planned(LONG, messages_max=10, message_count=11)
    assert found.routes[0].compression.messages_max == 10
    assert planned(LONG, messages_max=10, message_count=10).routes[0].compression is None
    with pytest.raises(BadRequest):
        planned(LONG, messages_max=10, message_count=11, transforms=())


def test_an_answer_longer_than_an_endpoint_gives_is_asked_of_others():
    brief = endpoint(1, "Brief", max_completion_tokens=500)
    assert ids(planned(brief, MIDDLE, max_tokens=500)) == {1, 2}
    assert ids(planned(brief, MIDDLE, max_tokens=501)) == {2}


def test_an_answer_nobody_gives_is_400_with_the_figure():
    brief = endpoint(1, "Brief", max_completion_tokens=500)
    with pytest.raises(BadRequest, match=r"max_tokens is too large: 501.*500 or less") as refused:
        planned(brief, max_tokens=501)
    assert refused.value.metadata["field"] == "max_tokens"
    with pytest.raises(BadRequest, match=r"8191 or less"):
        planned(MIDDLE, max_tokens=8192)


def test_other_reasons_beside_the_length_are_503():
    down = endpoint(1, provider("Down", may_train=True), context_length=100_000)
    with pytest.raises(Unavailable, match=r"provider.data_collection: Down; context length: Short"):
        plan(
            chat_request(transforms=(), provider=ProviderPreferences(data_collection="deny")),
            Caller(), catalog(model(down, SHORT)), Health(), Random(1), size=size(20_000),
        )  # fmt: skip


def test_whom_the_caller_named_out_does_not_change_the_reason():
    for preferences in ({"order": ("Short",)}, {"only": ("Short",)}, {"ignore": ("Middle",)}):
        with pytest.raises(BadRequest, match="length is 4096"):
            planned(
                SHORT, MIDDLE, prompt=20_000, transforms=(),
                provider=ProviderPreferences(**preferences),
            )  # fmt: skip


def test_an_account_may_want_no_prompt_cut_unless_a_request_asks_for_it():
    whole = Caller(middle_out=False)
    with pytest.raises(BadRequest, match="maximum context length is 4096") as refused:
        planned(SHORT, prompt=9000, caller=whole)
    assert "middle-out" in refused.value.message
    asked = planned(SHORT, prompt=9000, caller=whole, transforms=("middle-out",))
    assert asked.routes[0].compression is not None
    assert planned(SHORT, prompt=9000).routes[0].compression is not None
