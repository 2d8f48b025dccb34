"""Azure OpenAI as OpenAI's own Azure client meets it."""

from __future__ import annotations

import json

import openai
import pytest
from weather_tool import WEATHER as TOOL

VERSION = "2024-02-01"


def client_of(simulator, **options):
    defaults = {
        "azure_endpoint": f"http://127.0.0.1:{simulator.port}/azure",
        "api_key": "key-1234",
        "api_version": VERSION,
        "max_retries": 0,
        "timeout": 10,
    }
    return openai.AzureOpenAI(**(defaults | options))


@pytest.fixture
def client(simulator):
    with client_of(simulator) as client:
        yield client


def ask(client, text, **more):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model="my-gpt-4o", messages=messages, **more)


def path_of(simulator):
    return simulator.control("GET", "/_log")["data"][-1]["path"]


def test_a_text(simulator, client):
    answer = ask(client, "[[say: Good morning.]]")
    assert answer.choices[0].message.content == "Good morning."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "my-gpt-4o"
    assert answer.usage.completion_tokens == 3
    assert answer.choices[0].content_filter_results["hate"] == {
        "filtered": False, "severity": "safe"
    }  # fmt: skip
    assert path_of(simulator) == "/azure/openai/deployments/my-gpt-4o/chat/completions"


def test_a_stream_begins_with_what_the_filter_found(client):
    chunks = list(ask(client, "[[say: Good morning.]]", stream=True))
    assert chunks[0].choices == []
    assert chunks[0].prompt_filter_results[0]["prompt_index"] == 0
    said = [chunk.choices[0].delta.content or "" for chunk in chunks[1:]]
    assert "".join(said) == "Good morning."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called(client, stream):
    answer = ask(client, "The weather in Paris?", tools=[TOOL], stream=stream)
    if stream:
        calls = [
            c for chunk in answer if chunk.choices for c in chunk.choices[0].delta.tool_calls or ()
        ]
        name, arguments = calls[0].function.name, "".join(c.function.arguments for c in calls)
    else:
        function = answer.choices[0].message.tool_calls[0].function
        name, arguments = function.name, function.arguments
    assert (name, json.loads(arguments)) == ("get_weather", {"city": "Paris"})


def test_a_picture(client):
    content = [
        {"type": "text", "text": "[[say: A cat.]]"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
    ]
    assert ask(client, content).choices[0].message.content == "A cat."


def test_a_completion_of_an_instruct_deployment(client):
    answer = client.completions.create(model="instruct", prompt="[[say: four]]", max_tokens=5)
    assert answer.choices[0].text == "four"


def test_models_are_listed(client):
    assert "gpt-4o" in [model.id for model in client.models.list()]


def test_no_version_is_no_resource(simulator):
    body = {"messages": [{"role": "user", "content": "hi"}]}
    path = "/azure/openai/deployments/x/chat/completions"
    status, _, raw = simulator.request("POST", path, body, {"api-key": "k"})
    assert (status, json.loads(raw)["error"]) == (
        404, {"code": "404", "message": "Resource not found"}
    )  # fmt: skip
    with client_of(simulator, api_version="latest") as client, pytest.raises(openai.NotFoundError):
        ask(client, "hi")


def test_only_its_own_header_is_a_credential(simulator):
    body = {"messages": [{"role": "user", "content": "hi"}]}
    path = f"/azure/openai/deployments/x/chat/completions?api-version={VERSION}"
    status, _, raw = simulator.request("POST", path, body, {"authorization": "Bearer k"})
    assert (status, json.loads(raw)["statusCode"]) == (401, 401)


def test_another_stream_than_that_of_its_version_is_refused(client, simulator):
    with pytest.raises(openai.BadRequestError, match="stream_options"):
        ask(client, "hi", stream=True, stream_options={"include_usage": True})
    with client_of(simulator, api_version="2024-10-21") as newer:
        chunks = list(ask(newer, "hi", stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.completion_tokens > 0


def test_a_prompt_that_the_filter_refuses(client):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, "hi [[simulate moderated reasons=violence]]")
    assert refused.value.code == "content_filter"
    found = refused.value.body["innererror"]["content_filter_result"]
    assert [name for name, each in found.items() if each["filtered"]] == ["violence"]


def test_too_many_requests(client):
    with pytest.raises(openai.RateLimitError) as refused:
        ask(client, "hi [[simulate status=429]]")
    assert refused.value.body["code"] == "429"
    assert refused.value.response.headers["retry-after"] == "2"
