"""What Google refuses, what its PaLM 2 speaks, and its OAuth endpoint: no client of today knows."""

from __future__ import annotations

import base64
import datetime
import json

import pytest


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
