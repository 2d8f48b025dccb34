"""Cohere's own clients, of both versions, against the simulator."""

from __future__ import annotations

import json

import cohere
import httpx
import pytest
from weather_tool import WEATHER as WEATHER_V2
from weather_tool import WEATHER_COHERE_V1 as WEATHER_V1


@pytest.fixture
def connections():
    """Cohere's clients do not close their own."""
    with httpx.Client(timeout=10) as client:
        yield client


@pytest.fixture
def v1(simulator, connections):
    base_url = f"http://127.0.0.1:{simulator.port}/cohere"
    return cohere.Client("a-key", base_url=base_url, httpx_client=connections)


@pytest.fixture
def v2(simulator, connections):
    base_url = f"http://127.0.0.1:{simulator.port}/cohere"
    return cohere.ClientV2("a-key", base_url=base_url, httpx_client=connections)


def ask(text):
    return [{"role": "user", "content": text}]


def test_v1_text(v1):
    answer = v1.chat(
        model="command-r",
        message="[[say: Hello big world]]",
        preamble="Be kind.",
        chat_history=[{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}],
        temperature=0.3,
        p=0.9,
        k=10,
        seed=7,
        max_tokens=100,
        stop_sequences=["never"],
    )
    assert (answer.text, answer.finish_reason) == ("Hello big world", "COMPLETE")
    assert answer.meta.tokens.output_tokens == 3
    assert answer.meta.billed_units.input_tokens < answer.meta.tokens.input_tokens
    assert answer.generation_id and answer.chat_history[-1].message == "Hello big world"


def test_v1_stream(v1):
    events = list(v1.chat_stream(model="command-r", message="[[say: Hello big world]]"))
    assert [event.event_type for event in events] == [
        "stream-start", "text-generation", "text-generation", "text-generation", "stream-end",
    ]  # fmt: skip
    assert "".join(event.text for event in events[1:-1]) == "Hello big world"
    assert events[-1].finish_reason == "COMPLETE"
    assert events[-1].response.meta.tokens.output_tokens == 3


def test_v1_tools_and_their_results(v1):
    question = "What is the weather in Paris?"
    answer = v1.chat(model="command-r", message=question, tools=[WEATHER_V1])
    (call,) = answer.tool_calls
    assert (call.name, call.parameters) == ("get_weather", {"city": "Paris"})
    again = v1.chat(
        model="command-r",
        message="",
        chat_history=answer.chat_history,
        tools=[WEATHER_V1],
        tool_results=[{"call": call, "outputs": [{"sky": "clear"}]}],
    )
    assert "clear" in again.text


def test_v1_streams_calls_in_pieces(v1):
    question = "Weather in Paris? [[simulate parallel=2]]"
    events = list(v1.chat_stream(model="command-r", message=question, tools=[WEATHER_V1]))
    pieces = [each.tool_call_delta for each in events if each.event_type == "tool-calls-chunk"]
    assert [piece.name for piece in pieces if piece.name] == ["get_weather"] * 2
    first = "".join(piece.parameters or "" for piece in pieces if piece.index == 0)
    assert json.loads(first) == {"city": "Paris"}
    (whole,) = [event for event in events if event.event_type == "tool-calls-generation"]
    assert len(whole.tool_calls) == 2


def test_v1_json(v1):
    answer = v1.chat(
        model="command-r",
        message="What is red?",
        response_format={
            "type": "json_object",
            "schema": {"type": "object", "properties": {"colour": {"type": "string"}}},
        },
    )
    assert set(json.loads(answer.text)) == {"colour"}


def test_v2_text(v2):
    answer = v2.chat(
        model="command-r",
        messages=[{"role": "system", "content": "Be kind."}, *ask("[[say: Hello big world]]")],
        logprobs=True,
        temperature=0.3,
    )
    assert answer.message.content[0].text == "Hello big world"
    assert (answer.finish_reason, answer.usage.tokens.output_tokens) == ("COMPLETE", 3)
    assert [item.text for item in answer.logprobs] == ["Hello", " big", " world"]


def test_v2_stream(v2):
    events = list(v2.chat_stream(model="command-r", messages=ask("[[say: Hello big world]]")))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message-start", "content-start"]
    assert kinds[-2:] == ["content-end", "message-end"]
    texts = [each.delta.message.content.text for each in events if each.type == "content-delta"]
    assert texts == ["Hello", " big", " world"]
    assert events[-1].delta.finish_reason == "COMPLETE"
    assert events[-1].delta.usage.tokens.output_tokens == 3


def test_v2_tools_and_their_results(v2):
    messages = ask("What is the weather in Paris?")
    answer = v2.chat(model="command-r", messages=messages, tools=[WEATHER_V2])
    (call,) = answer.message.tool_calls
    assert answer.finish_reason == "TOOL_CALL" and answer.message.tool_plan
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    again = v2.chat(
        model="command-r",
        messages=[
            *messages,
            {
                "role": "assistant",
                "tool_plan": answer.message.tool_plan,
                "tool_calls": [call.model_dump()],
            },
            {"role": "tool", "tool_call_id": call.id, "content": '{"sky": "clear"}'},
        ],
        tools=[WEATHER_V2],
    )
    assert "clear" in again.message.content[0].text


def test_v2_streams_calls_in_pieces(v2):
    question = ask("Weather in Paris? [[simulate parallel=2]]")
    events = list(
        v2.chat_stream(
            model="command-r", messages=question, tools=[WEATHER_V2], tool_choice="REQUIRED"
        )
    )
    starts = [event for event in events if event.type == "tool-call-start"]
    assert [event.delta.message.tool_calls.function.name for event in starts] == ["get_weather"] * 2
    pieces = [
        event.delta.message.tool_calls.function.arguments
        for event in events
        if event.type == "tool-call-delta" and event.index == 0
    ]
    assert json.loads("".join(pieces)) == {"city": "Paris"}
    assert events[-1].delta.finish_reason == "TOOL_CALL"


def test_v2_json_and_a_picture(v2):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    answer = v2.chat(
        model="command-a-vision",
        messages=[{"role": "user", "content": [{"type": "text", "text": "Red?"}, picture]}],
        response_format={
            "type": "json_object",
            "json_schema": {"type": "object", "properties": {"colour": {"type": "string"}}},
        },
    )
    assert set(json.loads(answer.message.content[0].text)) == {"colour"}


def test_finish_reasons(v1, v2):
    assert v1.chat(message="Tell me all", max_tokens=5).finish_reason == "MAX_TOKENS"
    stopped = v2.chat(model="m", messages=ask("[[say: one two three]]"), stop_sequences=[" three"])
    assert stopped.finish_reason == "STOP_SEQUENCE"
    toxic = v1.chat(message="hi [[simulate finish=content_filter]]")
    assert toxic.finish_reason == "ERROR_TOXIC"


def test_listing(v1):
    assert "command-r" in [model.name for model in v1.models.list().models]


def test_errors(v1, v2, simulator):
    with pytest.raises(cohere.errors.ServiceUnavailableError):
        v2.chat(
            model="m",
            messages=ask("[[simulate status=503]]"),
            request_options={"max_retries": 0},
        )
    events = list(v1.chat_stream(message="hi [[simulate error_after=3]]"))
    assert events[-1].finish_reason == "ERROR"
    events = list(v2.chat_stream(model="m", messages=ask("hi [[simulate error_after=3]]")))
    assert (events[-1].delta.finish_reason, bool(events[-1].delta.error)) == ("ERROR", True)
    with pytest.raises(cohere.core.ApiError) as caught:
        v1.chat(message="hi [[simulate moderated]]")
    assert caught.value.status_code == 498 and "blocked input" in caught.value.body["message"]
