"""Google's own client against the simulator: the Gemini API with a key, and Vertex AI."""

from __future__ import annotations

import datetime
import json
import struct
import zlib

import pytest
from google import genai
from google.auth.credentials import AnonymousCredentials
from google.genai import errors, types

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING"}},
        "required": ["city"],
    },
}


class Token(AnonymousCredentials):
    """Credentials that are there already: what a metadata server gives."""

    def __init__(self):
        super().__init__()
        self.token = "ya29.test"
        self.expiry = datetime.datetime(2100, 1, 1)

    def before_request(self, request, method, url, headers):
        headers["Authorization"] = f"Bearer {self.token}"


def gemini(simulator, key="AIza-test"):
    return genai.Client(
        api_key=key,
        http_options=types.HttpOptions(base_url=f"http://127.0.0.1:{simulator.port}/gemini"),
    )


def vertex(simulator):
    return genai.Client(
        vertexai=True,
        project="a-project",
        location="us-central1",
        credentials=Token(),
        http_options=types.HttpOptions(base_url=f"http://127.0.0.1:{simulator.port}/google"),
    )


@pytest.fixture(params=[gemini, vertex], ids=["gemini", "vertex"])
def models(request, simulator):
    client = request.param(simulator)
    yield client.models
    client.close()


def config(**fields):
    return types.GenerateContentConfig(**fields)


def calling(mode, *names):
    return types.ToolConfig(
        function_calling_config=types.FunctionCallingConfig(
            mode=mode, allowed_function_names=list(names) or None
        )
    )


def png():
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_text(models):
    answer = models.generate_content(
        model="gemini-1.5-pro", contents="[[say: Hello big world]]", config=config(temperature=0.2)
    )
    assert answer.text == "Hello big world"
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP
    assert answer.usage_metadata.candidates_token_count == 3
    assert answer.response_id


def test_stream(models):
    found = list(
        models.generate_content_stream(model="gemini-1.5-pro", contents="[[say: Hello big world]]")
    )
    assert [chunk.text for chunk in found if chunk.text] == ["Hello", " big", " world"]
    assert found[-1].candidates[0].finish_reason is types.FinishReason.STOP
    assert found[-1].usage_metadata.candidates_token_count == 3


@pytest.mark.parametrize("stream", [False, True])
def test_tools(models, stream):
    wanted = config(tools=[types.Tool(function_declarations=[WEATHER])])
    model, contents = "gemini-1.5-pro", "What is the weather in Paris?"
    if stream:
        chunks = list(models.generate_content_stream(model=model, contents=contents, config=wanted))
        (call,) = [call for chunk in chunks for call in chunk.function_calls or ()]
    else:
        (call,) = models.generate_content(
            model=model, contents=contents, config=wanted
        ).function_calls
    assert (call.name, call.args) == ("get_weather", {"city": "Paris"})


def test_parallel_tools_and_their_results(models):
    wanted = config(
        tools=[types.Tool(function_declarations=[WEATHER])],
        tool_config=calling("ANY", "get_weather"),
    )
    question = "Weather in Paris and Rome? [[simulate parallel=2]]"
    answer = models.generate_content(model="gemini-1.5-pro", contents=question, config=wanted)
    assert len(answer.function_calls) == 2
    results = [
        types.Part.from_function_response(name=call.name, response={"sky": "clear"})
        for call in answer.function_calls
    ]
    again = models.generate_content(
        model="gemini-1.5-pro",
        contents=[
            types.UserContent(question),
            answer.candidates[0].content,
            types.Content(role="user", parts=results),
        ],
        config=config(tools=[types.Tool(function_declarations=[WEATHER])]),
    )
    assert "clear" in again.text


def test_a_system_instruction_a_picture_and_a_schema(models):
    picture = types.Part.from_bytes(data=png(), mime_type="image/png")
    answer = models.generate_content(
        model="gemini-1.5-pro",
        contents=["What is red here?", picture],
        config=config(
            system_instruction="Answer as JSON.",
            response_mime_type="application/json",
            response_schema={"type": "OBJECT", "properties": {"colour": {"type": "STRING"}}},
            stop_sequences=["never"],
            max_output_tokens=500,
            seed=7,
        ),
    )
    assert set(json.loads(answer.text)) == {"colour"}


def test_logprobs(models):
    answer = models.generate_content(
        model="gemini-1.5-pro",
        contents="[[say: Hello world]]",
        config=config(response_logprobs=True, logprobs=2),
    )
    chosen = answer.candidates[0].logprobs_result.chosen_candidates
    assert [each.token for each in chosen] == ["Hello", " world"]


def test_length_and_safety(models):
    short = models.generate_content(
        model="gemini-1.5-pro", contents="Tell me all", config=config(max_output_tokens=5)
    )
    assert short.candidates[0].finish_reason is types.FinishReason.MAX_TOKENS
    unsafe = models.generate_content(
        model="gemini-1.5-pro", contents="hi [[simulate finish=SAFETY]]"
    )
    assert unsafe.candidates[0].finish_reason is types.FinishReason.SAFETY
    refused = models.generate_content(model="gemini-1.5-pro", contents="hi [[simulate moderated]]")
    assert refused.prompt_feedback.block_reason is types.BlockedReason.SAFETY


def test_errors(models):
    with pytest.raises(errors.ServerError) as caught:
        models.generate_content(model="gemini-1.5-pro", contents="[[simulate status=503]]")
    assert (caught.value.code, caught.value.status) == (503, "UNAVAILABLE")
    with pytest.raises(errors.ServerError, match="INTERNAL"):
        list(
            models.generate_content_stream(
                model="gemini-1.5-pro", contents="hi [[simulate error_after=3]]"
            )
        )
    with pytest.raises(errors.ClientError, match="temperature value of 3"):
        models.generate_content(model="gemini-1.5-pro", contents="hi", config=config(temperature=3))
    with pytest.raises(errors.ClientError, match="instruction is not enabled"):
        models.generate_content(
            model="gemini-1.0-pro", contents="hi", config=config(system_instruction="Be kind.")
        )


def test_listing(simulator):
    client = gemini(simulator)
    assert "models/gemini-1.5-pro" in {model.name for model in client.models.list()}
    client.close()
