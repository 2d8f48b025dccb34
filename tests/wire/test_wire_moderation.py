"""Prompts that a provider's moderation refuses: 403 with the reasons, and who is asked instead."""

from __future__ import annotations

import pytest
from gateway_process import unique
from wire_client import (
    COMPLETIONS,
    TURBO,
    bearer,
    chat,
    endpoints_of,
    get,
    only,
    request,
    stream,
)
from wire_records import LLAMA, charged, generation_row, providers_asked

pytestmark = pytest.mark.database

MODERATED = ("Together", "Fireworks")
# What each kind of provider says, and the reasons that can be read from it.
STYLES = [
    ("moderated=policy", []),
    ("moderated=filter", ["hate", "violence"]),
    ("moderated=flagged", ["violence", "hate"]),
    ("moderated=flagged reasons=weapons", ["weapons"]),
]


@pytest.fixture(scope="module")
def strict(new_gateway):
    """Two providers of the model say of themselves that they moderate; the others do not."""
    made = new_gateway()
    made.sql(
        "UPDATE catalog_endpoint SET is_moderated = TRUE"
        " WHERE model_id = (SELECT id FROM catalog_model WHERE slug = %s)"
        " AND provider_id IN (SELECT id FROM catalog_provider WHERE name IN (%s, %s))",
        LLAMA, *MODERATED,
    )  # fmt: skip
    return made.start()


@pytest.fixture(scope="module")
def charlie(strict):
    return strict.caller(credits="50")


def flagged(words="moderated", provider=None):
    restriction = f" provider={provider}" if provider else ""
    return f"[[simulate {words}{restriction}]]"


@pytest.mark.parametrize("streamed", [False, True])
def test_only_providers_without_moderation_are_asked_next(strict, charlie, streamed):
    marker = unique()
    text = f"Tell me of Rome {marker} {flagged(provider='together')} [[say: Roma]]"
    answer = (stream if streamed else chat)(
        strict, charlie, text, LLAMA, provider=only(*MODERATED, "Lepton")
    )
    assert answer.status == 200, answer.body
    assert answer.text == "Roma"
    assert providers_asked(strict, marker) == ["together", "lepton"]
    row = generation_row(strict, answer.id)
    assert row["provider_name"] == "Lepton"
    tokens = row["native_tokens_prompt"] + row["native_tokens_completion"]
    assert charged(strict, answer.id) == (tokens * 70_000 + 500) // 1000


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("words", "reasons"), STYLES)
def test_the_caller_is_told_what_was_flagged(strict, charlie, words, reasons, streamed):
    marker = unique()
    text = f"{marker} {flagged(words)}"
    answer = (stream if streamed else chat)(strict, charlie, text, LLAMA, provider=only(*MODERATED))
    assert answer.status == 403
    error = answer.error
    metadata = error["metadata"]
    assert metadata["reasons"] == reasons
    assert metadata["flagged_input"] == text
    assert metadata["provider_name"] == "Together"
    assert metadata["model_slug"] == LLAMA
    assert "flagged" in error["message"]
    assert providers_asked(strict, marker) == ["together"]
    assert charged(strict, answer.id) == 0
    found = get(strict, charlie, f"/generation?id={answer.id}")
    assert found["total_cost"] == 0 and found["finish_reason"] == "error"


def test_every_provider_without_moderation_may_refuse_too(strict, charlie):
    marker = unique()
    answer = chat(
        strict, charlie, f"{marker} {flagged()}", LLAMA, provider=only(*MODERATED, "Lepton")
    )
    assert answer.status == 403
    assert answer.error["metadata"]["provider_name"] == "Lepton"
    assert providers_asked(strict, marker) == ["together", "lepton"]


def test_a_failure_in_between_does_not_open_the_moderated_ones(strict, charlie):
    marker = unique()
    text = (
        f"{marker} {flagged(provider='together')} [[simulate status=503 provider=lepton]]"
        " [[say: hi]]"
    )
    answer = chat(
        strict, charlie, text, LLAMA, provider=only("Together", "Lepton", "Fireworks", "OctoAI")
    )
    assert providers_asked(strict, marker) == ["together", "lepton", "octoai"]
    assert answer.status == 200


@pytest.mark.parametrize("streamed", [False, True])
def test_the_next_model_is_asked_and_only_it_is_paid(strict, charlie, streamed):
    marker = unique()
    text = f"{marker} {flagged(provider='openai')} [[say: Roma]]"
    answer = (stream if streamed else chat)(
        strict, charlie, text, TURBO, models=[LLAMA], provider={"ignore": list(MODERATED)}
    )
    assert answer.status == 200, answer.body
    assert answer.text == "Roma"
    row = generation_row(strict, answer.id)
    assert row["model"] == LLAMA
    assert charged(strict, answer.id) == row["cost_nano"] > 0


def test_a_moderated_provider_of_the_next_model_is_asked(strict, charlie):
    """Another model's moderation may judge otherwise."""
    marker = unique()
    text = f"{marker} {flagged(provider='openai')} [[say: Roma]]"
    answer = chat(
        strict, charlie, text, TURBO, models=[LLAMA], provider={"only": ["openai", "together"]}
    )
    assert answer.status == 200, answer.body
    assert providers_asked(strict, marker) == ["openai", "together"]


def test_without_fallbacks_it_is_the_callers_at_once(strict, charlie):
    marker = unique()
    preferences = {**only("Together", "Lepton"), "allow_fallbacks": False}
    answer = chat(strict, charlie, f"{marker} {flagged()}", LLAMA, provider=preferences)
    assert answer.status == 403
    assert providers_asked(strict, marker) == ["together"]


def test_of_a_long_input_both_ends_are_shown(strict, charlie):
    text = f"Beginning {'and so on ' * 40} {flagged()} ending"
    answer = chat(strict, charlie, text, LLAMA, provider=only("Together"))
    shown = answer.error["metadata"]["flagged_input"]
    assert 90 <= len(shown) <= 100
    assert shown.startswith("Beginning and so on") and shown.endswith("ending")
    assert "..." in shown


def test_the_last_words_of_the_user_are_what_is_shown(strict, charlie):
    messages = [
        {"role": "system", "content": "You are Livy."},
        {"role": "user", "content": "Earlier words"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": [{"type": "text", "text": f"Ave {flagged()}"}]},
    ]
    body = {"model": LLAMA, "messages": messages, "provider": only("Together")}
    answer = request(strict, "POST", "/api/v1/chat/completions", body, bearer(charlie))
    assert answer.error["metadata"]["flagged_input"] == f"Ave {flagged()}"


def test_a_legacy_prompt_is_shown_too(strict, charlie):
    body = {"model": LLAMA, "prompt": f"Ave {flagged()}", "provider": only("Together")}
    answer = request(strict, "POST", COMPLETIONS, body, bearer(charlie))
    assert answer.status == 403
    assert answer.error["metadata"]["flagged_input"] == f"Ave {flagged()}"


def test_nobody_is_marked(strict, charlie):
    for _ in range(5):
        answer = chat(strict, charlie, flagged(), LLAMA, provider=only(*MODERATED))
        assert answer.status == 403
    endpoints = endpoints_of(strict, charlie, LLAMA)
    assert all(endpoints[provider]["stable"] for provider in MODERATED)
