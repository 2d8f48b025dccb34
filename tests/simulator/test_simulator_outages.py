"""Outages and providers that flap: faults of a script without an end, and by chance."""

from __future__ import annotations

import pytest

from simulator.providers import PROVIDERS

OF_OPENAI = {slug: row for slug, row in PROVIDERS.items() if row.dialect == "openai"}

EVERYBODY = [{"provider": "*", "directive": "status=503"}]


def listing(simulator, slug, key="sk-lepton-5678"):
    return simulator.request(
        "GET", f"/{slug}/v1/models", headers={"authorization": f"Bearer {key}"}
    )


def statuses(simulator, number, slug="octoai"):
    return [simulator.chat(slug, "hi")[0] for _ in range(number)]


def test_everybody_is_down_until_told_otherwise(script):
    script.control("POST", "/_faults", EVERYBODY)
    others = sorted(set(OF_OPENAI) - {"lepton"})
    for _ in range(2):
        assert {script.chat(slug, "hi")[0] for slug in others} == {503}
    script.control("DELETE", "/_faults")
    assert {script.chat(slug, "hi")[0] for slug in others} == {200}


def test_an_outage_hits_the_list_of_models_too(script):
    listed = sorted(slug for slug, provider in OF_OPENAI.items() if provider.listing)
    assert {listing(script, slug)[0] for slug in listed} == {200}
    script.control("POST", "/_faults", EVERYBODY)
    assert {listing(script, slug)[0] for slug in listed} == {503}
    script.control("POST", "/_faults", [{"provider": "groq", "directive": "reset"}])
    with pytest.raises(ConnectionResetError):
        listing(script, "groq")
    assert listing(script, "openai")[0] == 200


def test_a_list_of_models_uses_up_no_script(script):
    row = {"provider": "octoai", "directive": "status=503", "count": 1}
    script.control("POST", "/_faults", [row])
    assert listing(script, "octoai")[0] == 200
    assert statuses(script, 2) == [503, 200]


def test_a_list_of_models_needs_a_credential(simulator):
    assert simulator.request("GET", "/octoai/v1/models", headers={})[0] == 401
    assert listing(simulator, "lepton")[0] == 200
    assert listing(simulator, "lepton", "sk-of-somebody-else")[0] == 401


def test_a_provider_that_flaps_fails_some_requests_the_same_each_time(script):
    row = {"provider": "octoai", "directive": "status=503 chance=0.5"}
    script.control("POST", "/_faults", [row])
    first = statuses(script, 60)
    assert set(first) == {200, 503}
    assert 15 < first.count(503) < 45
    script.control("POST", "/_faults", [row])
    assert statuses(script, 60) == first


def test_what_chance_spares_goes_to_the_next_fault_and_counts_for_nobody(script):
    rows = [
        {"provider": "octoai", "directive": "status=503 chance=0.5", "count": 5},
        {"provider": "*", "directive": "status=429"},
    ]
    script.control("POST", "/_faults", rows)
    found = statuses(script, 40)
    assert found.count(503) == 5 and found.count(429) == 35
    assert found[:5] != [503] * 5


@pytest.mark.parametrize(("chance", "status"), [("0", 200), ("1", 503), ("1.5", 400), ("x", 400)])
def test_chance_is_a_share(simulator, chance, status):
    text = f"hi [[simulate status=503 chance={chance}]]"
    assert {simulator.chat("octoai", text)[0] for _ in range(5)} == {status}
