"""Who is asked, and who is asked next: models, preferences, health (seed, Provider Routing)."""

from __future__ import annotations

import pytest
from gateway_process import unique
from wire_client import (
    TURBO,
    chat,
    only,
    stream,
)
from wire_records import (
    LLAMA,
    charged,
    generation_row,
    providers_asked,
)

pytestmark = pytest.mark.database


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("words", ["status=400", "status=422", "status=503", "reset"])
def test_the_next_model_answers_when_the_first_cannot(gateway, alice, words, streamed):
    marker = unique()
    text = f"{marker} [[simulate {words} model=gpt-3.5-turbo]] [[say: from another]]"
    extra = {"models": [LLAMA], "route": "fallback", "max_tokens": 50}
    answer = (stream if streamed else chat)(gateway, alice, text, TURBO, **extra)
    assert answer.status == 200
    assert answer.text == "from another"
    model = answer.events[0]["model"] if streamed else answer.json["model"]
    assert model == LLAMA
    asked = providers_asked(gateway, marker)
    assert asked[0] == "openai" and len(asked) == 2
    row = generation_row(gateway, answer.id)
    assert row["model"] == LLAMA
    assert charged(gateway, answer.id) == row["cost_nano"] > 0


def test_a_dearer_model_is_covered_by_a_larger_hold(gateway, alice):
    text = f"{unique()} [[simulate status=503 provider=lepton]] [[simulate tokens=60]]"
    answer = chat(
        gateway, alice, text, "undi95/toppy-m-7b:nitro", models=["openai/gpt-4"], max_tokens=60
    )
    assert answer.json["model"] == "openai/gpt-4"
    usage = answer.json["usage"]
    pico = usage["prompt_tokens"] * 30_000_000 + usage["completion_tokens"] * 60_000_000
    assert charged(gateway, answer.id) == (pico + 500) // 1000
    assert gateway.sql("SELECT id FROM billing_transfer WHERE kind = 'overrun'") == []


def test_route_fallback_without_models_answers_with_an_open_model(gateway, alice):
    """Seed, Model Routing: the most appropriate open-source model, priced like it or lower."""
    text = f"{unique()} [[simulate status=503 provider=openai]] [[say: from an open one]]"
    answer = chat(gateway, alice, text, TURBO, route="fallback")
    assert answer.status == 200, answer.body
    assert not answer.json["model"].startswith("openai/")


def test_without_fallbacks_only_the_first_provider_is_asked(gateway, alice):
    marker = unique()
    preferences = {**only("Together", "Fireworks"), "allow_fallbacks": False}
    answer = chat(gateway, alice, f"{marker} [[simulate status=503]]", LLAMA, provider=preferences)
    assert answer.status == 502
    assert providers_asked(gateway, marker) == ["together"]


@pytest.mark.parametrize("order", [["Fireworks", "Together"], ["fireworks", "together"]])
def test_order_takes_display_names_and_slugs(gateway, alice, order):
    answer = chat(gateway, alice, "[[say: hi]]", LLAMA, provider={"order": order})
    assert answer.json["provider"] == "Fireworks"


def test_order_is_exhaustive_and_skips_who_does_not_serve_it(gateway, alice):
    answer = chat(gateway, alice, "[[say: hi]]", LLAMA, provider=only("Azure", "OpenAI", "Lepton"))
    assert answer.json["provider"] == "Lepton"
    error = chat(gateway, alice, "hi", LLAMA, provider=only("Azure", "OpenAI")).error
    assert error["code"] == 503
    assert {each["reason"] for each in error["metadata"]["dropped"]} == {"provider.order"}


def test_nobody_who_trains_is_asked_when_the_caller_denies_it(gateway, alice):
    deny = {"data_collection": "deny"}
    marker = unique()
    for _ in range(8):
        answer = chat(gateway, alice, f"{marker} [[say: hi]]", "lynn/soliloquy-l3", provider=deny)
        assert answer.json["provider"] == "Lynn 2"
    error = chat(gateway, alice, "hi", "deepseek/deepseek-chat", provider=deny).error
    assert error["code"] == 503
    assert error["metadata"]["dropped"][0]["reason"] == "provider.data_collection"


def test_required_parameters_nobody_has_are_503(gateway, alice):
    preferences = {"require_parameters": True}
    error = chat(
        gateway, alice, "hi", "lynn/soliloquy-l3", provider=preferences,
        response_format={"type": "json_object"},
    ).error  # fmt: skip
    assert error["code"] == 503
    dropped = error["metadata"]["dropped"]
    assert {each["reason"] for each in dropped} == {"provider.require_parameters"}
    assert {each["provider"] for each in dropped} == {"Lynn", "Lynn 2"}
    body = {"top_k": 7, "temperature": 0.1, "provider": preferences}
    for _ in range(4):
        answer = chat(gateway, alice, "[[say: hi]]", LLAMA, **body)
        assert answer.json["provider"] not in ("Groq", "OctoAI", "AnyScale")


def test_a_failing_provider_is_tried_last_by_the_next_request(gateway, alice):
    model = "microsoft/wizardlm-2-7b"
    text = "[[simulate status=503 provider=deepinfra]] [[say: hi]]"
    for _ in range(20):
        assert chat(gateway, alice, text, model).status == 200
    # Both cost the same, so without the mark each would be first in half of the requests.
    marker = unique()
    for _ in range(12):
        assert chat(gateway, alice, f"{marker} [[say: hi]]", model).status == 200
    assert set(providers_asked(gateway, marker)) == {"lepton"}
    # Last, and not dropped.
    answer = chat(gateway, alice, "[[simulate status=503 provider=lepton]] [[say: hi]]", model)
    assert answer.json["provider"] == "DeepInfra"


def test_what_the_request_does_wrong_is_not_the_providers_failure(gateway, alice):
    model = "cognitivecomputations/dolphin-mixtral-8x7b"
    for _ in range(6):
        assert chat(gateway, alice, "[[simulate status=400]]", model).status == 400
    marker = unique()
    for _ in range(24):
        assert chat(gateway, alice, f"{marker} [[say: hi]]", model).status == 200
    assert len(set(providers_asked(gateway, marker))) > 1


def test_a_provider_that_breaks_off_is_tried_last_by_the_next_request(gateway, alice):
    model = "lizpreciatior/lzlv-70b-fp16-hf"
    text = "[[simulate cut_after=5 provider=deepinfra]] [[simulate cut_after=5 provider=novita]]"
    first = stream(gateway, alice, text, model)
    assert first.error["code"] == 502
    failed = first.events[0]["provider"]
    for _ in range(8):
        answer = chat(gateway, alice, "[[say: hi]]", model)
        assert answer.json["provider"] != failed
