"""AWS's own SDK against the simulator: its signatures, its binary streams, its errors."""

from __future__ import annotations

import json
from contextlib import closing

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from simulator_process import running

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
MODEL = "anthropic.claude-3-sonnet-20240229-v1:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "description": "The weather of a city",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    }
                },
            }
        }
    ]
}
USE = {"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {"city": "Paris"}}}
RESULT = {"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": "18 degrees"}]}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    log_path = tmp_path_factory.mktemp("bedrock") / "log.jsonl"
    with running(log_path, SIMULATOR_KEYS=f"bedrock={ACCESS}:{SECRET}") as found:
        yield found


def connect(simulator, access=ACCESS, secret=SECRET, token=None):
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{simulator.port}/bedrock",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=10),
    )


@pytest.fixture(scope="module")
def client(aws):
    made = connect(aws)
    yield made
    made.close()


def user(*blocks):
    return {"role": "user", "content": [{"text": b} if isinstance(b, str) else b for b in blocks]}


def assistant(*blocks):
    return {"role": "assistant", "content": user(*blocks)["content"]}


def ask(client, *messages, model=MODEL, **options):
    given = [user(message) if isinstance(message, str) else message for message in messages]
    return client.converse(modelId=model, messages=given, **options)


def stream(client, *messages, **options):
    given = [user(message) if isinstance(message, str) else message for message in messages]
    answer = client.converse_stream(modelId=MODEL, messages=given, **options)
    with closing(answer["stream"]) as events:
        return list(events)


def text_of(answer):
    return "".join(block["text"] for block in answer["output"]["message"]["content"])


def post(simulator, body, path=f"/bedrock/model/{MODEL}/converse", **headers):
    status, _, raw = simulator.request("POST", path, body, headers)
    return status, json.loads(raw)


def test_text(client):
    answer = ask(client, "Explain how ocean tides work", system=[{"text": "Be brief."}])
    assert "ocean tides" in text_of(answer).lower()
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["inputTokens"] > 10 and usage["outputTokens"] > 20
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_stream_says_the_same_as_the_whole_answer(client):
    whole = ask(client, "Compare bread and cake")
    events = stream(client, "Compare bread and cake")
    deltas = [e["contentBlockDelta"]["delta"] for e in events if "contentBlockDelta" in e]
    assert "".join(delta["text"] for delta in deltas) == text_of(whole)
    names = [name for event in events for name in event]
    assert names[0] == "messageStart"
    assert names[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]


def test_tool_calls(client):
    answer = ask(client, "Weather in Paris?", toolConfig=TOOLS)
    assert answer["stopReason"] == "tool_use"
    (block,) = answer["output"]["message"]["content"]
    assert block["toolUse"]["name"] == "get_weather"
    assert block["toolUse"]["input"] == {"city": "Paris"}


def test_parallel_tool_calls_in_a_stream(client):
    words = "Weather in Paris or London? [[simulate parallel=2]]"
    arguments, ids = {}, {}
    for event in stream(client, words, toolConfig=TOOLS):
        if "contentBlockStart" in event:
            start = event["contentBlockStart"]
            ids[start["contentBlockIndex"]] = start["start"]["toolUse"]["toolUseId"]
        if "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]
            index = delta["contentBlockIndex"]
            arguments[index] = arguments.get(index, "") + delta["delta"]["toolUse"]["input"]
    assert set(ids) == set(arguments) == {0, 1} and len(set(ids.values())) == 2
    assert all(set(json.loads(text)) == {"city"} for text in arguments.values())


def test_the_result_of_a_tool_is_answered(client):
    answer = ask(client, "Weather in Paris?", assistant(USE), user(RESULT), toolConfig=TOOLS)
    assert answer["stopReason"] == "end_turn" and "18 degrees" in text_of(answer)


def test_images(client):
    plain = ask(client, "What is this?")["usage"]["inputTokens"]
    image = {"image": {"format": "png", "source": {"bytes": PNG}}}
    assert ask(client, user("What is this?", image))["usage"]["inputTokens"] > plain + 100


def test_stops_and_limits(client):
    config = {"stopSequences": ["two"]}
    answer = ask(client, "[[say: one two three]]", inferenceConfig=config)
    assert (text_of(answer), answer["stopReason"]) == ("one ", "stop_sequence")
    answer = ask(client, "Tell me about Rome", inferenceConfig={"maxTokens": 3})
    assert answer["stopReason"] == "max_tokens"
    assert ask(client, "hi [[simulate finish=guardrail_intervened]]")["stopReason"] == (
        "guardrail_intervened"
    )


def test_a_prefill_is_continued(client):
    answer = ask(client, "Name a river", assistant("The river is"))
    assert not text_of(answer).startswith("The river is")


def test_a_model_may_be_an_arn(client):
    assert text_of(ask(client, "hi", model=ARN))


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationException"), (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"), (408, "ModelTimeoutException"),
        (424, "ModelErrorException"), (429, "ThrottlingException"),
        (500, "InternalServerException"), (503, "ServiceUnavailableException"),
    ],
)  # fmt: skip
def test_errors(client, status, name):
    with pytest.raises(getattr(client.exceptions, name)) as caught:
        ask(client, f"hi [[simulate status={status}]]")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("status", "name"),
    [(429, "throttlingException"), (424, "modelStreamErrorException"),
     (500, "internalServerException"), (503, "serviceUnavailableException")],
)  # fmt: skip
def test_errors_inside_a_stream(client, status, name):
    with pytest.raises(EventStreamError) as caught:
        stream(client, f"hi [[simulate error_after=5 status={status}]]")
    assert caught.value.response["Error"]["Code"] == name


def test_a_wrong_signature_is_refused(aws):
    for credential, name in (
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"access": "AKIDOTHER"}, "UnrecognizedClientException"),
    ):
        with closing(connect(aws, **credential)) as wrong, pytest.raises(ClientError) as caught:
            ask(wrong, "hi")
        assert caught.value.response["Error"]["Code"] == name
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_session_token_is_signed_too(aws):
    with closing(connect(aws, token="a/session+token==")) as client:
        assert text_of(ask(client, "hi"))


def test_an_api_key_is_a_bearer_token(simulator, aws):
    # The SDK sends one over TLS only, so this goes by hand.
    body = {"messages": [user("hi")]}
    assert post(simulator, body, authorization="Bearer some-api-key")[0] == 200
    status, found = post(aws, body, authorization="Bearer some-api-key")
    assert (status, found["__type"]) == (403, "AccessDeniedException")


def test_no_credential_at_all(aws):
    status, body = post(aws, {"messages": [user("hi")]})
    assert status == 403
    assert body["__type"] == "MissingAuthenticationTokenException"
    status, body = post(aws, {}, authorization="AWS4-HMAC-SHA256 Credential=x")
    assert (status, body["__type"]) == (403, "IncompleteSignatureException")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": None}, "'messages' failed to satisfy constraint"),
        ({"messages": []}, "must start with a user message"),
        ({"messages": [assistant("x")]}, "must start with a user message"),
        ({"messages": [user("a"), user("b")]}, "must alternate between user and assistant roles"),
        ({"messages": [{"role": "system", "content": []}]}, "enum value set: [user, assistant]"),
        ({"messages": [user(" ")]}, "messages.0.content.0 is blank"),
        ({"messages": [user()]}, "messages.0 is empty"),
        ({"messages": [user("a"), assistant("b ")]}, "cannot end with trailing whitespace"),
        ({"inferenceConfig": {"temperature": 1.5}}, "less than or equal to 1"),
        ({"inferenceConfig": {"maxTokens": 0}}, "greater than or equal to 1"),
        ({"messages": [user(RESULT)], "toolConfig": TOOLS}, "exceeds the number of toolUse blocks"),
        (
            {"messages": [user("a"), assistant(USE), user("b")], "toolConfig": TOOLS},
            "Expected toolResult blocks at messages.2.content for the following Ids: tooluse_1",
        ),
        ({"messages": [user("a"), assistant(USE), user(RESULT)]}, "toolConfig field must be"),
        ({"toolConfig": {"tools": []}}, "length greater than or equal to 1"),
        (
            {"messages": [user({"image": {"format": "bmp", "source": {"bytes": "AAAA"}}})]},
            "enum value set: [png, jpeg, gif, webp]",
        ),
        (
            {"messages": [user({"image": {"format": "png", "source": {"bytes": "AAAA"}}})]},
            "Could not process image",
        ),
    ],
)
def test_bad_requests(simulator, fields, words):
    body = {"messages": [user("hi")]} | fields
    status, body = post(simulator, body, authorization="Bearer none")
    assert (status, body["__type"]) == (400, "ValidationException")
    assert words in body["message"]


def test_fields_of_a_wrong_kind_do_not_break_the_simulator(simulator):
    for body in ({"messages": ["hi"]}, {"messages": [user("hi")], "toolConfig": [1]}, [1]):
        status, found = post(simulator, body, authorization="Bearer none")
        assert (status, found["__type"]) == (400, "SerializationException")
