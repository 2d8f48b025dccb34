"""Google's own client against the simulator: the Gemini API with a key, and Vertex AI."""

from __future__ import annotations

import base64
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


def refusal(simulator, body, model="gemini-1.5-pro", slug="google", **headers):
    headers = headers or {"authorization": "Bearer t"}
    path = f"/{slug}/v1/publishers/google/models/{model}"
    path += ":predict" if "bison" in model else ":generateContent"
    status, _, raw = simulator.request("POST", path, body, headers)
    return status, json.loads(raw)["error"]


HI = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def turns(*roles):
    return {"contents": [{"role": role, "parts": [{"text": "hi"}]} for role in roles]}


def part(**fields):
    return {"contents": [{"role": "user", "parts": [fields]}]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"contents": []}, "contents"),
        ({**HI, "messages": []}, 'Unknown name "messages": Cannot find field.'),
        (
            {**HI, "generationConfig": {"top_q": 1}},
            "Unknown name \"top_q\" at 'generation_config': Cannot find field.",
        ),
        (
            {
                **HI,
                "tools": [
                    {
                        "functionDeclarations": [
                            {"name": "f", "parameters": {"additionalProperties": False}}
                        ]
                    }
                ],
            },
            "at 'tools[0].function_declarations[0].parameters': Cannot find field.",
        ),
        (turns("user", "assistant"), "Please use a valid role: user, model."),
        (turns("model"), "single turn requests end with a user role"),
        (part(text=""), "empty text parameter"),
        (part(inlineData={"mimeType": "image/gif", "data": "AAAA"}), "Unsupported MIME type"),
        (part(inlineData={"mimeType": "image/png", "data": "!"}), "Base64 decoding failed"),
        (part(text="a", functionCall={"name": "f"}), "one initialized field"),
        (part(functionResponse={"name": "f", "response": {}}), "function response turn"),
        ({**HI, "generationConfig": {"stopSequences": list("abcdef")}}, "6 stop sequences"),
        ({**HI, "generationConfig": {"topK": 41}}, "topK value of 41"),
        ({**HI, "generationConfig": {"seed": 2**31}}, "TYPE_INT32"),
        ({**HI, "generationConfig": {"responseSchema": {"type": "STRING"}}}, "response_schema"),
        (
            {**HI, "tools": [{"functionDeclarations": [{"name": "1st"}]}]},
            "Invalid function name",
        ),
    ],
)
def test_what_google_refuses(simulator, body, words):
    status, error = refusal(simulator, body)
    assert (status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert words in error["message"]


def test_the_first_generation_is_stricter(simulator):
    model = "gemini-1.0-pro"
    for roles, words in [
        (("user", "user"), "alternate"),
        (("user", "model"), "ends with a user role"),
    ]:
        status, error = refusal(simulator, turns(*roles), model)
        assert status == 400 and words in error["message"]
        assert refusal_free(simulator, turns(*roles))


def refusal_free(simulator, body):
    headers = {"authorization": "Bearer t"}
    path = "/google/v1/models/gemini-1.5-pro:generateContent"
    return simulator.request("POST", path, body, headers)[0] == 200


def test_credentials(simulator):
    assert refusal(simulator, HI, accept="*/*")[1]["status"] == "UNAUTHENTICATED"
    status, error = refusal(simulator, HI, slug="gemini", accept="*/*")
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")
    path = "/gemini/v1beta/models/gemini-1.5-pro:generateContent?key=AIza-test"
    assert simulator.request("POST", path, HI, {})[0] == 200


def test_a_stream_without_sse_is_one_array(simulator):
    path = "/google/v1/models/gemini-1.5-pro:streamGenerateContent"
    body = part(text="[[say: Hello world]]")
    status, headers, raw = simulator.request("POST", path, body)
    assert status == 200 and headers["content-type"].startswith("application/json")
    texts = [each["candidates"][0]["content"]["parts"][0]["text"] for each in json.loads(raw)]
    assert "".join(texts) == "Hello world"


def predict(*contents, **parameters):
    authors = ["user", "bot"] * len(contents)
    messages = [
        {"author": author, "content": content}
        for author, content in zip(authors, contents, strict=False)
    ]
    return {"instances": [{"context": "Be kind.", "messages": messages}], "parameters": parameters}


def test_palm(simulator):
    path = "/google/v1/publishers/google/models/chat-bison@002"
    body = predict("[[say: Hello world]]", temperature=0.2, maxOutputTokens=100)
    answer = json.loads(simulator.request("POST", f"{path}:predict", body)[2])
    assert answer["predictions"][0]["candidates"][0]["content"] == "Hello world"
    assert answer["metadata"]["tokenMetadata"]["outputTokenCount"]["totalTokens"] == 2
    message = {"author": {"stringVal": ["user"]}, "content": {"stringVal": "[[say: Hello world]]"}}
    body = {
        "inputs": [{"struct_val": {"messages": {"list_val": [{"struct_val": message}]}}}],
        "parameters": {"structVal": {"temperature": {"floatVal": 0.5}}},
    }
    status, headers, raw = simulator.request("POST", f"{path}:serverStreamingPredict?alt=sse", body)
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    first = json.loads(raw.split(b"\r\n\r\n")[0].removeprefix(b"data: "))
    candidate = first["outputs"][0]["structVal"]["candidates"]["listVal"][0]
    assert candidate["structVal"]["content"] == {"stringVal": ["Hello"]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (predict("a", "b"), "odd number"),
        (predict("a", temperature=2), "temperature"),
        (predict("a", maxOutputTokens=4096), "maxOutputTokens"),
        ({"instances": []}, "one instance"),
        ({"contents": []}, "Cannot find field"),
    ],
)
def test_what_palm_refuses(simulator, body, words):
    status, error = refusal(simulator, body, "chat-bison@002")
    assert status == 400 and words in error["message"]
    assert refusal(simulator, HI, "text-bison")[0] == 400


def segment(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_oauth_looks_at_the_assertion(simulator):
    def granted(header, claims, signature=bytes(256), grant="jwt-bearer"):
        assertion = f"{segment(header)}.{segment(claims)}.{segment(signature)}"
        form = f"grant_type=urn:ietf:params:oauth:grant-type:{grant}&assertion={assertion}"
        status, _, raw = simulator.request("POST", "/google/token", form.encode(), {})
        return status, json.loads(raw)

    now = int(datetime.datetime.now().timestamp())
    claims = {
        "iss": "a@example.com", "aud": "http://127.0.0.1/google/token", "iat": now,
        "exp": now + 3600, "scope": "https://www.googleapis.com/auth/cloud-platform",
    }  # fmt: skip
    header = {"alg": "RS256", "typ": "JWT"}
    status, answer = granted(header, claims)
    assert (status, answer["token_type"]) == (200, "Bearer")
    for wrong in (
        granted({"alg": "HS256"}, claims),
        granted(header, claims, signature=b"short"),
        granted(header, claims | {"exp": now + 90_000}),
        granted(header, claims | {"aud": "elsewhere"}),
        granted(header, claims | {"iss": "nobody"}),
        granted(header, [], bytes(256)),
    ):
        assert wrong[0] == 400 and wrong[1]["error"] == "invalid_grant"
    assert granted(header, claims, grant="other")[1]["error"] == "unsupported_grant_type"
    assert granted(header, claims | {"scope": "email"})[1]["error"] == "invalid_scope"
