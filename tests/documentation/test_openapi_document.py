"""The document tells of every call there is, of no other, and what it tells is sound."""

from __future__ import annotations

import json

import contract
import pytest
import schemathesis
from django.urls import URLPattern

from api import model_filters, model_order, urls
from documentation.openapi.document import GROUPS, PREFIX, build
from openrouter_site import asgi
from openrouter_site.errors import ApiError, BadRequest
from routing import media_request
from routing.request import parse

DOCUMENT = build("OpenRouter", "https://openrouter.example")
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def calls_of_the_server():
    """(method, path) of all that Django and the inference plane serve under /api/v1."""
    found = {("post", path.removeprefix(PREFIX)) for path in asgi.INFERENCE}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        path = str(pattern.pattern).replace("<str:digest>", "<str:hash>").replace("<str:", "{")
        methods = set(pattern.callback.cls.http_method_names) - {"head", "options"}
        found |= {(method, f"/{path.replace('>', '}')}") for method in methods}
    return found


def test_every_call_is_in_the_document_and_every_call_of_the_document_is_served():
    told = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert told == calls_of_the_server()


def test_the_document_is_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert schemathesis.openapi.from_dict(DOCUMENT).validate() is None


def test_operations_have_names_of_their_own_and_known_groups():
    ids = [operation["operationId"] for _, _, operation in (each.values for each in OPERATIONS)]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    assert all(set(each.values[2]["tags"]) <= tags for each in OPERATIONS)


def test_each_schema_is_told_once_and_used():
    names = [name for group in GROUPS for name in group.schemas]
    assert len(set(names)) == len(names)
    text = json.dumps(DOCUMENT)
    unused = [
        name
        for name in DOCUMENT["components"]["schemas"]
        if f'"#/components/schemas/{name}"' not in text
    ]
    assert unused == []


def test_every_error_is_one_that_the_server_has():
    codes = {each.code for each in _errors_below(ApiError)}
    assert codes == set(
        DOCUMENT["components"]["schemas"]["ErrorBody"]["properties"]["code"]["enum"]
    )


def _errors_below(kind):
    for child in kind.__subclasses__():
        yield child
        yield from _errors_below(child)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_examples_are_what_the_schemas_say(path, method, operation):
    place = ("paths", path, method)
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        sent = contract.validator(*place, "requestBody", "content", "application/json", "schema")
        assert list(sent.iter_errors(content["example"])) == []
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            assert response["description"]
            continue
        for media_type, content in response["content"].items():
            if media_type == "application/json":
                answered = contract.validator(
                    *place, "responses", status, "content", media_type, "schema"
                )
                assert list(answered.iter_errors(content["example"])) == []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_part_of_a_path_has_an_example(path, method, operation):
    named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
    assert named == {part.partition("}")[0] for part in path.split("{")[1:]}
    for each in operation.get("parameters", ()):
        assert each["in"] != "path" or each["example"]
        assert each.get("description") or each["in"] == "path"


def parameters(name):
    found = DOCUMENT["paths"]["/models"]["get"]["parameters"]
    return next(each for each in found if each["name"] == name)


def test_models_are_filtered_and_sorted_by_what_the_document_says():
    assert parameters("sort")["schema"]["enum"] == list(model_order.SORTS)
    for name in ("input_modalities", "output_modalities"):
        for word in model_filters.MODALITIES:
            assert word in parameters(name)["schema"]["pattern"]


# --- The same bounds in the schema of a request and in its reading -----------------------------

CHAT = contract.validator("components", "schemas", "ChatRequest", is_closed=False)
TEXT = contract.validator("components", "schemas", "CompletionRequest", is_closed=False)
OBJECT = contract.validator("components", "schemas", "ObjectRequest", is_closed=False)
MESSAGES = [{"role": "user", "content": "hi"}]
INT32 = 2**31 - 1
TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("temperature", [0, 2, 1.5, None], [-0.1, 2.1, "1", True]),
        ("top_p", [0.001, 1], [0, 1.1]),
        ("top_k", [0, INT32], [-1, INT32 + 1, 1.5]),
        ("frequency_penalty", [-2, 2], [-2.1, 2.1]),
        ("presence_penalty", [-2, 2], [-2.1, 2.1]),
        ("repetition_penalty", [0.1, 2], [0, 2.1]),
        ("min_p", [0, 1], [-0.1, 1.1]),
        ("top_a", [0, 1], [-0.1, 1.1]),
        ("max_tokens", [1, INT32], [0, INT32 + 1, "1"]),
        ("max_completion_tokens", [1], [0]),
        ("seed", [-5, 0, 7], ["7", 1.5]),
        ("n", [1, None], [0, 2]),
        ("stop", ["a", ["a"] * 16, []], ["", ["a"] * 17, [""], ["a" * 513], 1]),
        ("logit_bias", [{}, {"50256": -100}], [{"x": 1}, {"1": 101}, {"1": "1"}, []]),
        ("logprobs", [True, False], ["true", 1]),
        ("response_format",
         [{"type": "text"}, {"type": "json_object"},
          {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}],
         ["json", {"type": "xml"}, {}]),
        ("tools", [[], [TOOL]], [[{}], [TOOL] * 129, {}, [{**TOOL, "type": "x"}]]),
        ("parallel_tool_calls", [True], [1]),
        ("model", ["openai/gpt-4", None], ["", "a" * 257, 1]),
        ("models", [["a"], []], [["a"] * 17, "a", [1]]),
        ("route", ["fallback", None], ["sort", 1]),
        ("stream", [True, None], [1, "true"]),
        ("transforms", [["middle-out"], []], [["x"], "middle-out"]),
        ("user", ["", "a" * 256], ["a" * 257, 1]),
        ("provider",
         [{}, {"order": ["OpenAI"]}, {"sort": "price"}, {"sort": {"by": "latency"}},
          {"max_price": {"prompt": 1, "image": "0.5"}}, {"preferred_max_latency": {"p90": 3}},
          {"data_collection": "deny", "zdr": True, "quantizations": ["fp8"]}],
         [{"x": 1}, {"order": "OpenAI"}, {"sort": "x"}, {"sort": {"x": 1}},
          {"max_price": {"x": 1}}, {"max_price": {"prompt": -1}}, {"quantizations": ["x"]},
          {"preferred_max_latency": {"p80": 1}}, []]),
        ("messages",
         [MESSAGES, [{"role": "developer", "content": "a"}],
          [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
          [*MESSAGES, {"role": "assistant", "content": "b"}]],
         [[], "a", [{"role": "robot", "content": "a"}], [{"role": "user"}],
          [{"role": "user", "content": [{"type": "sound"}]}], [{"role": "user", "content": 1}]]),
        ("nonsense", [1, "x", None, {}], []),
    ],
)  # fmt: skip
def test_a_chat_is_read_as_the_document_says(name, good, bad):
    for value in good:
        body = {"messages": MESSAGES, name: value}
        assert CHAT.is_valid(body), value
        parse(json.dumps(body).encode(), completion=False)
        if name != "messages":
            assert TEXT.is_valid({"prompt": "hi", name: value}), value
    for value in bad:
        body = {"messages": MESSAGES, name: value}
        assert not CHAT.is_valid(body), value
        with pytest.raises(BadRequest):
            parse(json.dumps(body).encode(), completion=False)


@pytest.mark.parametrize(
    ("body", "is_good"),
    [
        ({"prompt": "a"}, True),
        ({"prompt": ["a"]}, True),
        ({"prompt": "a", "logprobs": 5}, True),
        ({"prompt": "a", "logprobs": 21}, False),
        ({"prompt": ["a", "b"]}, False),
        ({"prompt": 1}, False),
        ({}, False),
    ],
)
def test_a_text_is_read_as_the_document_says(body, is_good):
    assert TEXT.is_valid(body) is is_good
    if is_good:
        parse(json.dumps(body).encode(), completion=True)
    else:
        with pytest.raises(BadRequest):
            parse(json.dumps(body).encode(), completion=True)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("prompt", ["a", "a" * 1000], ["", "a" * 1001, 1, None]),
        ("num_inference_steps", [1, 128, None], [0, 129, "1"]),
        ("num_outputs", [1, 4], [0, 5]),
        ("extension", ["ply", None], ["obj"]),
        ("model", ["x", None], ["", 1]),
    ],
)
def test_an_object_is_read_as_the_document_says(name, good, bad):
    for value in good:
        body = {"prompt": "a chair", name: value}
        assert OBJECT.is_valid(body)
        media_request.parse(json.dumps(body).encode())
    for value in bad:
        body = {"prompt": "a chair", name: value}
        assert not OBJECT.is_valid(body)
        with pytest.raises(BadRequest):
            media_request.parse(json.dumps(body).encode())


# --- Served ------------------------------------------------------------------------------------


def test_the_document_is_served_to_any_origin(client, settings):
    answer = client.get("/openapi.json")
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["servers"] == [{"url": f"{settings.SITE_URL}/api/v1"}]
    assert answer.json()["paths"] == DOCUMENT["paths"]
    assert client.post("/openapi.json").status_code == 405
