"""Prompts longer than the context: compressed from the middle, or refused with the figures."""

from __future__ import annotations

import pytest
from gateway_process import unique
from wire_client import COMPLETIONS, bearer, chat, only, request
from wire_records import LLAMA, charged, generation_row

pytestmark = pytest.mark.database

PARAGRAPH = "The senate met on the hill and spoke of grain, of roads and of the war. "
LONG = PARAGRAPH * 900  # about 15,000 tokens; the model has 8,192


def sent(gateway, marker):
    (record,) = gateway.upstream(marker)
    return record["body"]


def conversation(marker, turns=60):
    said = [
        {"role": ("user", "assistant")[n % 2], "content": f"turn {n}. {PARAGRAPH * 20}"}
        for n in range(turns)
    ]
    system = {"role": "system", "content": f"You are Livy. {marker}"}
    return [system, *said, {"role": "user", "content": "And then? [[simulate tokens=12]]"}]


def ask(gateway, caller, messages, **body):
    document = {"model": LLAMA, "messages": messages, "provider": only("Together"), **body}
    return request(gateway, "POST", "/api/v1/chat/completions", document, bearer(caller))


def test_the_middle_of_a_conversation_goes_and_both_ends_stay(gateway, alice):
    marker = unique()
    messages = conversation(marker)
    answer = ask(gateway, alice, messages)
    assert answer.status == 200, answer.body
    kept = sent(gateway, marker)["messages"]
    assert kept[0] == messages[0] and kept[-1] == messages[-1]
    assert 10 < len(kept) < len(messages)
    usage, row = answer.json["usage"], generation_row(gateway, answer.id)
    assert usage["prompt_tokens"] < 8192
    assert row["tokens_prompt"] < 8192
    assert charged(gateway, answer.id) == row["cost_nano"] > 0


def test_a_long_prompt_is_cut_in_its_middle(gateway, alice):
    marker = unique()
    document = {
        "model": LLAMA, "prompt": f"first {marker} {LONG} last [[simulate tokens=5]]",
        "provider": only("Together"),
    }  # fmt: skip
    answer = request(gateway, "POST", COMPLETIONS, document, bearer(alice))
    assert answer.status == 200, answer.body
    prompt = str(sent(gateway, marker))
    assert "first" in prompt and "last" in prompt
    assert 5000 < len(prompt) < len(LONG)


def test_without_transforms_it_is_400_with_the_figures(gateway, alice):
    marker = unique()
    answer = ask(gateway, alice, conversation(marker), transforms=[])
    assert answer.status == 400
    assert "maximum context length is 8000 tokens" in answer.error["message"]
    assert answer.error["metadata"]["error_type"] == "context_length_exceeded"
    assert gateway.upstream(marker) == []


def test_without_transforms_a_model_that_can_hold_it_answers(gateway, alice):
    """Seed, Model Routing: "any error ... including context length validation errors"."""
    answer = ask(
        gateway, alice, conversation(unique()), transforms=[], models=["openai/gpt-4-turbo"],
        provider={},
    )  # fmt: skip
    assert answer.status == 200, answer.body
    assert answer.json["model"] == "openai/gpt-4-turbo"
    assert answer.json["usage"]["prompt_tokens"] > 8192


def test_what_must_stay_and_does_not_fit_is_400(gateway, alice):
    messages = [{"role": "system", "content": LONG}, {"role": "user", "content": "Hi"}]
    answer = ask(gateway, alice, messages)
    assert answer.status == 400
    assert "must keep" in answer.error["message"]
    assert chat(gateway, alice, unique(), LLAMA).status == 200


def test_the_metadata_says_what_was_cut(gateway, alice):
    document = {"model": LLAMA, "messages": conversation(unique()), "provider": only("Together")}
    headers = bearer(alice, **{"X-OpenRouter-Metadata": "enabled"})
    answer = request(gateway, "POST", "/api/v1/chat/completions", document, headers)
    (step,) = answer.json["openrouter_metadata"]["pipeline"]
    assert step["type"] == "transform" and step["name"] == "middle-out"
    assert step["data"]["model"] == LLAMA
