"""/docs/api: every call of the document on a page of its group, readable without script."""

from __future__ import annotations

import json
import shlex

import pytest

from documentation.openapi.document import GROUPS, document
from documentation.openapi.errors import MEANINGS
from documentation.reference.curl import curl
from documentation.reference.entries import entries
from documentation.reference.fields import Reader

pytestmark = pytest.mark.django_db

SLUGS = [group.slug for group in GROUPS]


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_overview_leads_to_every_call_and_tells_every_error(client, settings):
    html = page(client, "/docs/api")
    for group in GROUPS:
        for call in group.operations:
            assert f'href="/docs/api/{group.slug}#{call.id}"' in html
            assert f"/api/v1{call.path}" in html
    for meaning in MEANINGS.values():
        assert meaning.name in html
    assert f"{settings.SITE_URL}/api/v1" in html
    assert 'href="/openapi.json"' in html


@pytest.mark.parametrize("slug", SLUGS)
def test_page_of_a_group_has_each_call_with_request_answer_and_errors(client, slug):
    html = page(client, f"/docs/api/{slug}")
    (group,) = (each for each in GROUPS if each.slug == slug)
    for call in group.operations:
        section = html.partition(f'<section class="call" id="{call.id}"')[2]
        section = section.partition("</section>")[0]
        assert call.method.upper() in section and f"/api/v1{call.path}" in section
        for parameter in call.parameters:
            assert f'<code class="field-name">{parameter.name}</code>' in section
        assert f'id="{call.id}-request"' in section
        responses = document()["paths"][call.path][call.method]["responses"]
        for status in responses:
            assert f">{status}</span>" in section
    assert 'aria-current="page"' in html


@pytest.mark.parametrize("path", ["/docs/api/nothing", "/docs/api/Chat", "/docs/api/chat/x"])
def test_page_of_no_group_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_entries_lead_to_pages_and_to_sections_that_are_there(client):
    found = entries()
    assert [entry.address for entry in found] == [
        "/docs/api", *(f"/docs/api/{slug}" for slug in SLUGS)
    ]  # fmt: skip
    for entry in found:
        html = page(client, entry.address)
        for part in entry.parts:
            assert f'id="{part.address.partition("#")[2]}"' in html
    assert sum(len(entry.parts) for entry in found) == sum(len(g.operations) for g in GROUPS)


def test_nested_fields_are_told_once(client):
    html = page(client, "/docs/api/chat")
    assert html.count("Only these providers, in this order") == 3  # in each of the three bodies
    section = html.partition('id="createChatCompletion-answer"')[2].partition("</section>")[0]
    assert section.count(">upstream_inference_prompt_cost</code>") == 1
    assert "Its fields are told above." in section


# --- Fields -------------------------------------------------------------------------------------


def field(schema, **schemas):
    return Reader(schemas).field("x", schema)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "array", "items": {"type": "integer"}}, "array of integers"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]}, "object or null"),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
         "string or array of strings"),
        ({"const": True}, "true"),
        ({}, "anything"),
    ],
)  # fmt: skip
def test_types_are_told_in_words(schema, kind):
    assert field(schema, A={"type": "object", "properties": {}}).kind == kind


def test_null_is_not_told_of_requests():
    reader = Reader({}, shows_null=False)
    assert reader.field("x", {"type": ["string", "null"]}).kind == "string"
    assert reader.field("x", {"type": "null"}).kind == "null"


def test_bounds_and_values_are_told():
    assert field({"type": "integer", "minimum": 1, "maximum": 1000}).rules == ("1 to 1,000",)
    assert field({"type": "number", "exclusiveMinimum": 0, "maximum": 2}).rules == (
        "above 0, at most 2",
    )
    assert field({"type": ["string", "null"], "enum": ["a", "b", None]}).values == ("a", "b")


def test_several_possible_objects_are_told_one_by_one():
    a = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    b = {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/A"}}}
    both = {"anyOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}
    found = field({"type": "array", "items": both}, A=a, B=b)
    first, second = found.parts
    assert (first.name, first.kind, first.parts[0].name) == ("A", "", "a")
    assert first.parts[0].is_required
    assert second.parts[0].is_above and second.parts[0].parts == ()


# --- curl ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, methods in document()["paths"].items() for method in methods],
)
def test_request_is_a_line_that_a_shell_understands(path, method):
    operation = document()["paths"][path][method]
    line = curl("https://openrouter.example/api/v1", path, method, operation)
    words = shlex.split(line.replace("\\\n", " "))
    assert words[0] == "curl"
    assert any(word.startswith("https://openrouter.example/api/v1/") for word in words)
    assert "{" not in next(word for word in words if word.startswith("https://"))
    assert "sk-or-v1-" not in line.partition("-d ")[0]
    if "requestBody" in operation:
        sent = json.loads(words[words.index("-d") + 1])
        assert sent == operation["requestBody"]["content"]["application/json"]["example"]
        assert ("-X" in words) == (method != "post")
    else:
        assert ("-X" in words) == (method != "get")
    has_key = operation["security"] not in ([], [{}, {"AnyKey": []}])
    assert any("Authorization" in word for word in words) == has_key
