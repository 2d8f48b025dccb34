"""openrouter/auto: what a prompt looks like, and which model that suits."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import MICRO, Caller, catalog, chat_request, endpoint, model, size

from routing import auto, tokens
from routing.assessment import assess
from routing.health import Health
from routing.plan import plan

GERMAN = "Wie ist das Wetter und was soll ich anziehen, wenn es nicht regnet?"
PROOF = "Prove step by step that there are infinitely many primes."
CODE = "Write a Python function that parses an ISO date, with unit tests."
ROUTER = "openrouter/auto"


def candidate(id, price, images=False, tools=False, context=32_000):
    inputs = ("text", "image") if images else ("text",)
    parameters = frozenset({"tools"} if tools else ())
    one = endpoint(
        abs(hash(id)) % 10**9, id.partition("/")[0], price * MICRO, price * MICRO, model_id=id,
        supported_parameters=parameters, context_length=context,
    )  # fmt: skip
    return model(
        one, id=id, input_modalities=inputs, supported_parameters=tuple(parameters),
        context_length=context,
    )  # fmt: skip


SMALL = candidate("meta-llama/llama-3-8b-instruct", 1, context=8000)
HAIKU = candidate("anthropic/claude-3-haiku", 2, images=True, context=200_000)
CODER = candidate("deepseek/deepseek-coder", 3)
SOLID = candidate("meta-llama/llama-3-70b-instruct", 8)
GPT = candidate("openai/gpt-4o", 20, images=True, tools=True, context=128_000)
OPUS = candidate("anthropic/claude-3-opus", 90, context=200_000)
ALL = [SMALL, HAIKU, CODER, SOLID, GPT, OPUS]
AUTO = model(id=ROUTER, kind="router", routes_to=tuple(each.id for each in ALL))
CATALOG = catalog(AUTO, *ALL)


def request_of(text, **fields):
    return chat_request(text, **({"model": ROUTER} | fields))


def best(text, sized=None, router=AUTO, known=CATALOG, **fields):
    request = request_of(text, **fields)
    sized = sized or size(tokens.count_request(request))
    return auto.ranked(request, sized, router, known).models[0].id


@pytest.mark.parametrize(
    ("text", "difficulty", "traits"),
    [
        ("Hi!", "easy", set()),
        ("What is the capital of France?", "easy", set()),
        ("Write a haiku about autumn.", "easy", {"creative"}),
        (CODE, "medium", {"code"}),
        (GERMAN, "medium", {"non_english"}),
        ("Calculate 12 * 17", "medium", {"math"}),
        ("给我讲一个关于罗马的故事", "medium", {"non_english"}),
        ("ما هي عاصمة فرنسا؟", "medium", {"non_english"}),
        (PROOF, "hard", {"reasoning"}),
        ("```python\ndef f(x):\n    return x\n```\nAnalyze the trade-offs.", "hard",
         {"code", "reasoning"}),
        ("", "easy", set()),
    ],
)  # fmt: skip
def test_what_a_prompt_looks_like(text, difficulty, traits):
    request = request_of(text)
    found = assess(request, size(tokens.count_request(request)))
    assert (found.difficulty, found.traits) == (difficulty, traits)
    assert found.reason.startswith(f"{difficulty}: ") and found.reason.endswith(" tokens")


def test_length_pictures_and_tools_are_traits():
    assert assess(request_of("Summarize."), size(2300)).reason == "medium: long, 2,300 tokens"
    assert assess(request_of("Summarize."), size(9000)).difficulty == "hard"
    assert "images" in assess(request_of("And this?", image_count=1), size(900)).traits
    assert "tools" in assess(request_of("Go", has_tools=True), size(90)).traits


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("Hi!", "meta-llama/llama-3-8b-instruct"),
        (CODE, "deepseek/deepseek-coder"),
        ("Calculate 12 * 17", "deepseek/deepseek-coder"),
        (PROOF, "openai/gpt-4o"),
        ("Analyze this poem about death.", "anthropic/claude-3-opus"),
    ],
)
def test_the_model_suits_the_prompt(text, id):
    assert best(text) == id


def test_what_a_model_lacks_puts_it_behind():
    assert best("Hi", image_count=1) == "openai/gpt-4o" or best("Hi", image_count=1) == HAIKU.id
    assert best("Hi", has_tools=True) == "openai/gpt-4o"
    assert best("Hi", size(20_000)) == "openai/gpt-4o" or best("Hi", size(20_000)) == OPUS.id
    # The small one has 8,000 tokens.
    assert best("Hi", size(1400, max_tokens=7000)) == HAIKU.id


def test_easy_prompts_cost_less_than_hard_ones():
    by_id = {each.id: each for each in ALL}
    prices = [by_id[best(text)].prices.prompt_pico for text in ("Hello there", CODE, PROOF)]
    assert prices[0] < prices[1] < prices[2]


def test_candidates_that_nobody_judged_are_ranked_by_price():
    own = [candidate(f"own/{n}", n) for n in (1, 5, 50)]
    router = model(id=ROUTER, kind="router", routes_to=tuple(each.id for each in own))
    known = catalog(router, *own)
    assert best("Hi", router=router, known=known) == "own/1"
    assert best(PROOF, router=router, known=known) == "own/50"


@given(st.text(max_size=300), st.integers(0, 300_000), st.booleans(), st.integers(0, 3))
def test_every_candidate_is_there_once_whatever_is_said(text, count, tools, images):
    request = request_of(text, has_tools=tools, image_count=images)
    first = auto.ranked(request, size(count), AUTO, CATALOG)
    assert sorted(each.id for each in first.models) == sorted(each.id for each in ALL)
    assert first == auto.ranked(request, size(count), AUTO, CATALOG)


def test_a_plan_passes_over_whom_the_policy_forbids_and_says_why_it_chose():
    found = plan(
        request_of(PROOF), Caller(ignored_providers=frozenset({"openai"})), CATALOG, Health(),
        Random(1), size=size(20),
    )  # fmt: skip
    assert found.strategy == "auto" and found.note == "hard: reasoning, 20 tokens"
    assert found.routes[0].model.id == "anthropic/claude-3-opus"
    assert "openai/gpt-4o" not in {route.model.id for route in found.routes}


def test_the_candidates_of_the_catalog_are_judged_and_there():
    folder = Path(auto.__file__).parent.parent / "catalog" / "data"
    rows = json.loads((folder / "catalog_2024.json").read_text())["models"]
    ids = {row["id"] for row in rows}
    (router,) = (row for row in rows if row["id"] == ROUTER)
    assert len(router["routes_to"]) >= 10
    assert set(router["routes_to"]) <= ids & set(auto._table())
