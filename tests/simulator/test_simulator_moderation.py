"""Prompts that a provider's moderation refuses."""

from __future__ import annotations

import json

import pytest

FLAGGED = {"reasons": ["violence", "hate"]}


def refused(simulator, slug, words="moderated", **body):
    status, _, raw = simulator.chat(slug, f"hi [[simulate {words}]]", **body)
    return status, json.loads(raw)["error"]


@pytest.mark.parametrize("stream", [False, True])
def test_each_provider_says_it_in_its_own_words(simulator, stream):
    status, error = refused(simulator, "openai", stream=stream)
    assert (status, error["code"]) == (400, "content_policy_violation")
    assert error["type"] == "invalid_request_error"
    assert "metadata" not in error
    status, error = refused(simulator, "together", stream=stream)
    assert (status, error["code"]) == (403, "moderation")
    assert error["metadata"] == FLAGGED
    assert "flagged" in error["message"] and "violence/hate" in error["message"]


def test_the_words_of_azure(simulator):
    status, error = refused(simulator, "openai", "moderated=filter reasons=sexual")
    assert (status, error["code"]) == (400, "content_filter")
    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"] == {
        "hate": {"filtered": False, "severity": "safe"},
        "self_harm": {"filtered": False, "severity": "safe"},
        "sexual": {"filtered": True, "severity": "high"},
        "violence": {"filtered": False, "severity": "safe"},
    }


@pytest.mark.parametrize(
    "words",
    [
        "moderated reasons=weapons,self-harm",
        "reasons=weapons,self-harm moderated",
        'moderated, reasons="weapons,self-harm"',
        "reasons=weapons,self-harm,moderated=flagged",
    ],
)
def test_the_reasons_are_the_tests_own(simulator, words):
    status, error = refused(simulator, "together", words)
    assert (status, error["metadata"]) == (403, {"reasons": ["weapons", "self-harm"]})


def test_a_message_takes_the_place_of_the_providers_own(simulator):
    assert refused(simulator, "openai", "moderated message=No")[1]["message"] == "No"


def test_a_style_nobody_has_is_refused(simulator):
    assert simulator.chat("openai", "hi [[simulate moderated=sternly]]")[0] == 400


def test_a_refused_prompt_is_restricted_and_logged_like_any_fault(simulator):
    text = "hi [[simulate moderated provider=together]]"
    assert simulator.chat("octoai", text)[0] == 200
    assert simulator.chat("together", text, user="flagged")[0] == 403
    record = simulator.record("flagged")
    assert (record["status"], record["finished"]) == (403, False)
    assert record["directive"] == "moderated"


def test_a_list_of_models_has_no_prompt_to_refuse(script):
    script.control("POST", "/_faults", [{"provider": "octoai", "directive": "moderated"}])
    assert script.chat("octoai", "hi")[0] == 403
    assert script.request("GET", "/octoai/v1/models")[0] == 200
