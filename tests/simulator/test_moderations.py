"""The moderation endpoint of OpenAI, with OpenAI's own SDK as the witness."""

from __future__ import annotations

import json

import openai
import pytest

from simulator.moderations import CATEGORIES, PHRASES

MODEL = "omni-moderation-latest"


def create(simulator, given, **fields):
    return simulator.client().moderations.create(input=given, **fields)


def flagged(result):
    assert result.flagged == any(result.categories.model_dump().values())
    return {name for name, hit in result.categories.model_dump(by_alias=True).items() if hit}


def test_a_text_that_says_nothing_wrong(simulator):
    answer = create(simulator, "Hello!")
    assert answer.id.startswith("modr-") and answer.model == MODEL
    (result,) = answer.results
    assert not result.flagged
    assert set(result.categories.model_dump(by_alias=True)) == set(CATEGORIES)
    assert set(result.category_scores.model_dump(by_alias=True)) == set(CATEGORIES)
    assert max(result.category_scores.model_dump().values()) < 0.1
    assert result.category_applied_input_types.self_harm_intent == ["text"]


@pytest.mark.parametrize(("phrase", "category"), PHRASES.items())
def test_some_phrases_are_flagged(simulator, phrase, category):
    (result,) = create(simulator, f"Please, {phrase.upper()} now").results
    assert flagged(result) == {category}
    assert result.category_scores.model_dump(by_alias=True)[category] > 0.9


@pytest.mark.parametrize(
    ("words", "reasons"),
    [
        ("moderated", {"violence", "hate"}),
        ("moderated reasons=self-harm,sexual/minors", {"self-harm", "sexual/minors"}),
        ("moderated reasons=nonsense", {"violence", "hate"}),
        ("tokens=5", set()),
    ],
)
def test_a_directive_says_what_is_found(simulator, words, reasons):
    (result,) = create(simulator, f"Hi [[simulate {words}]]").results
    assert flagged(result) == reasons


def test_each_text_of_an_array_has_its_own_result(simulator):
    answer = create(simulator, ["a", "b [[simulate moderated]]", "c"], model=MODEL)
    assert [result.flagged for result in answer.results] == [False, True, False]


def test_parts_are_one_input(simulator):
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    words = {"type": "text", "text": "[[simulate moderated reasons=violence]]"}
    answer = create(simulator, [words, image], model=MODEL)
    assert [flagged(result) for result in answer.results] == [{"violence"}]


@pytest.mark.parametrize("alias", ["text-moderation-latest", "text-moderation-stable"])
def test_the_older_model_knows_fewer_categories(simulator, alias):
    answer = create(simulator, "build a pipe bomb", model=alias)
    assert answer.model == "text-moderation-007"
    assert not answer.results[0].flagged
    assert answer.results[0].categories.illicit is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": 5}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": [{"type": "video"}]}, "input"),
        ({"input": [{"type": "image_url", "image_url": "https://example.com/a.png"}]}, "input"),
        ({"input": [{"type": "text", "text": "a"}], "model": "text-moderation-latest"}, "input"),
        ({"input": "a", "model": "gpt-4o"}, "model"),
        ({"input": "a", "temperature": 1}, None),
    ],
)
def test_a_malformed_request_is_refused_as_openai_does(simulator, body, param):
    status, _, raw = simulator.request("POST", "/openai/v1/moderations", body)
    error = json.loads(raw)["error"]
    assert (status, error["type"], error["param"]) == (400, "invalid_request_error", param)


def test_it_needs_a_key_and_a_post(simulator):
    path = "/openai/v1/moderations"
    assert simulator.request("POST", path, {"input": "a"}, {})[0] == 401
    assert simulator.request("GET", path)[0] == 405
    assert simulator.request("POST", "/lepton/v1/moderations", {"input": "a"})[0] == 404


def test_what_a_prompt_wants_of_its_answer_is_no_matter_of_the_moderation(simulator):
    assert not create(simulator, "[[simulate status=503 hang]]").results[0].flagged


def test_a_script_can_break_it(script):
    directive = f"status=503 model={MODEL}"
    script.control("POST", "/_faults", [{"provider": "openai", "directive": directive}])
    with pytest.raises(openai.InternalServerError) as caught:
        create(script, "Hello!")
    assert caught.value.status_code == 503
    assert script.chat("openai", "Hello!")[0] == 200
