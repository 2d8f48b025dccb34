"""Replicate as its own client meets it."""

from __future__ import annotations

import json

import pytest
import replicate
from replicate.exceptions import ModelError, ReplicateError

LLAMA = "meta/meta-llama-3-70b-instruct"
VERSION = "a" * 64


@pytest.fixture
def client(simulator):
    # It leaves its connections to the garbage collector, which warns of them.
    client = replicate.Client(
        api_token="r8_test", base_url=f"http://127.0.0.1:{simulator.port}/replicate"
    )
    client.poll_interval = 0.01
    yield client
    client._client.close()


def create(client, prompt, **more):
    given = {"prompt": prompt, **more.pop("given", {})}
    return client.models.predictions.create(model=LLAMA, input=given, **more)


def test_a_prediction_is_asked_for_until_it_is_done(client):
    prediction = create(client, "[[say: Good morning.]]")
    assert prediction.status == "starting"
    prediction.reload()
    assert prediction.status == "processing"
    prediction.wait()
    assert prediction.status == "succeeded"
    assert "".join(prediction.output) == "Good morning."
    assert prediction.metrics["output_token_count"] == 3
    prediction.reload()
    assert prediction.status == "succeeded"


def test_run_waits_for_it(client):
    assert "".join(client.run(LLAMA, input={"prompt": "[[say: One two]]"})) == "One two"
    assert "".join(client.run(LLAMA, {"prompt": "[[say: Three]]"}, wait=False)) == "Three"


def test_a_prediction_of_a_version(client):
    prediction = client.predictions.create(version=VERSION, input={"prompt": "[[say: Hi]]"})
    prediction.wait()
    assert prediction.output == ["Hi"]


def test_a_stream(client):
    events = list(client.stream(LLAMA, input={"prompt": "[[say: One\n\ntwo  three]]"}))
    assert [event.event.value for event in events[:-1]] == ["output"] * (len(events) - 1)
    assert events[-1].event.value == "done"
    assert "".join(map(str, events)) == "One\n\ntwo  three"


def test_a_prediction_without_stream_has_no_address_of_one(client):
    with pytest.raises(ReplicateError, match="does not support streaming"):
        list(create(client, "hi").stream())


def test_stops_and_limits(client):
    given = {"prompt": "[[say: one two three four]]", "stop_sequences": "three,x"}
    assert "".join(client.run(LLAMA, given)) == "one two "
    given = {"prompt": "Tell me of Rome", "max_tokens": 3}
    prediction = create(client, "Tell me of Rome", given=given)
    prediction.wait()
    assert prediction.metrics["output_token_count"] == 3


def test_a_cancelled_stream_says_so(client, simulator):
    prediction = create(client, "hi [[simulate tokens=500 tps=100]]", stream=True)
    events = prediction.stream()
    assert str(next(events))
    prediction.cancel()
    assert prediction.status == "canceled"
    assert json.loads(list(events)[-1].data) == {"reason": "canceled"}
    prediction.reload()
    assert prediction.status == "canceled"


def test_a_model_that_fails(client):
    with pytest.raises(ModelError, match="out of memory"):
        client.run(LLAMA, {"prompt": 'hi [[simulate error_after=0 message="out of memory"]]'})
    with pytest.raises(RuntimeError, match="out of memory"):
        prompt = 'hi [[simulate error_after=2 message="out of memory"]]'
        list(client.stream(LLAMA, input={"prompt": prompt}))


def refused(client, **given):
    with pytest.raises(ReplicateError) as error:
        client.models.predictions.create(model=LLAMA, input=given)
    return error.value.status, error.value.title, error.value.detail


def test_what_it_refuses(client):
    title = "Input validation failed"
    assert refused(client) == (422, title, "- input: prompt is required\n")
    rule = "- input.temperature: Must be less than or equal to 5\n"
    assert refused(client, prompt="hi", temperature=9) == (422, title, rule)
    assert refused(client, prompt="hi", stop_sequences=["a"])[0] == 422
    assert refused(client, prompt="hi", prompt_template="x")[0] == 422
    throttled = refused(client, prompt="hi [[simulate status=429]]")
    assert throttled[0] == 429 and "throttled" in throttled[2]
    with pytest.raises(ReplicateError, match="version"):
        client.predictions.create(version="latest", input={"prompt": "hi"})
    with pytest.raises(ReplicateError, match="could not be found"):
        client.predictions.get("nobody")


def test_a_token_is_wanted(simulator):
    path = f"/replicate/v1/models/{LLAMA}/predictions"
    status, _, raw = simulator.request("POST", path, {"input": {"prompt": "hi"}}, {})
    assert (status, json.loads(raw)["title"]) == (401, "Unauthenticated")
