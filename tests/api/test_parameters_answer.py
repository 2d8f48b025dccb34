"""GET /api/v1/parameters/{author}/{slug}: what is supported, and what callers really send."""

from __future__ import annotations

import json

import api_rows as rows
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Generation
from routing import sampling
from routing.request import ChatRequest

NAMES = st.sampled_from(sampling.PARAMETERS)
USED = st.lists(st.tuples(st.integers(1, 4), st.dictionaries(NAMES, st.floats(-2, 2))), max_size=60)


def used(values, users=3, name="temperature"):
    return [(number % users, {name: value}) for number, value in enumerate(values)]


def test_percentiles_are_values_that_were_sent():
    found = sampling.percentiles(used([n / 10 for n in range(1, 11)]))
    assert [found[f"temperature_p{percent}"] for percent in (10, 50, 90)] == [0.1, 0.5, 0.9]
    assert found["top_p_p50"] is None


@pytest.mark.parametrize(
    ("count", "users", "told"), [(10, 3, True), (9, 3, False), (50, 2, False), (50, 3, True)]
)
def test_nothing_is_told_of_too_few(count, users, told):
    found = sampling.percentiles(used([1.0] * count, users))
    assert (found["temperature_p50"] is not None) == told


@given(USED)
def test_whatever_was_sent_the_percentiles_are_in_order(sent):
    found = sampling.percentiles(sent)
    assert set(found) == {f"{n}_p{p}" for n in sampling.PARAMETERS for p in (10, 50, 90)}
    for name in sampling.PARAMETERS:
        low, middle, high = (found[f"{name}_p{percent}"] for percent in (10, 50, 90))
        assert low is middle is high is None or low <= middle <= high


def test_only_numbers_that_were_sent_are_kept_of_a_request():
    request = ChatRequest(
        prompt="secret words", parameters={"temperature": 0.5, "stop": ["secret"], "seed": 7}
    )
    assert json.loads(sampling.sent(request)) == {"temperature": 0.5}
    assert sampling.sent(ChatRequest(prompt="secret")) == ""


# --- The answer ----------------------------------------------------------------------------------

PATH = "/api/v1/parameters/rome/llama"


@pytest.fixture
def rome():
    """A model at Together (temperature, top_p) and at Azure (temperature, seed)."""
    model = rows.model("rome/llama", supported_parameters=["temperature", "top_p", "seed"])
    for name, own in (("Together", "top_p"), ("Azure", "seed")):
        provider = rows.provider(name, name.lower())
        rows.endpoint(model, provider, supported_parameters=["temperature", own])


@pytest.fixture
def asked(client, rome):
    sampling.forget()
    people = [rows.person(name) for name in ("alice", "bob", "charlie")]
    headers = rows.key_of(people[0])[2]
    for number in range(12):
        rows.generation(
            people[number % 3], model="rome/llama", created_at=timezone.now(),
            provider_name="Azure" if number % 4 == 0 else "Together",
            parameters=json.dumps({"temperature": number / 10}),
        )  # fmt: skip
    yield lambda query="", path=PATH: client.get(f"{path}{query}", headers=headers)
    sampling.forget()


@pytest.mark.django_db
def test_what_is_supported_and_what_is_used(asked):
    data = asked().json()["data"]
    assert data["model"] == "rome/llama"
    assert data["supported_parameters"] == ["temperature", "top_p", "seed"]
    assert [data[f"temperature_p{n}"] for n in (10, 50, 90)] == [0.1, 0.5, 1.0]
    assert data["top_k_p50"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Azure", "azure"])
def test_one_provider_only(asked, name):
    data = asked(f"?provider={name}").json()["data"]
    assert data["supported_parameters"] == ["temperature", "seed"]
    assert data["temperature_p50"] is None, "three generations are too few"


@pytest.mark.django_db
def test_what_is_old_does_not_count(asked):
    Generation.objects.update(created_at=rows.NOW)
    assert asked().json()["data"]["temperature_p50"] is None


@pytest.mark.django_db
def test_who_and_what_is_not_there(asked, client):
    assert client.get(PATH).status_code == 401
    assert asked(path="/api/v1/parameters/rome/nothing").status_code == 404
    refused = asked("?provider=Nobody")
    assert refused.status_code == 400
    assert "Together" in refused.json()["error"]["message"]
