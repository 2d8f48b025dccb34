"""The OpenAPI document as a test: `check` holds an answer of the API against it.

Nothing may be in an answer that the document does not tell, so its schemas are closed here. They
are open to others, since fields may be added.
"""

from __future__ import annotations

import copy
import json
import operator
import re
from functools import cache, reduce
from urllib.parse import unquote, urlsplit

import jsonschema_rs

from documentation.openapi.document import PREFIX, build

# Answers to what is no call at all: an unknown path or method, headers that are too large.
_OUTSIDE = {405, 431}
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@cache
def document():
    return build("OpenRouter", "https://openrouter.example")


@cache
def _closed():
    closed = copy.deepcopy(document())
    for schema in _objects([closed["paths"], closed["components"]]):
        schema.setdefault("additionalProperties", False)
    return closed


def _objects(node):
    """Every schema below that lists properties."""
    children = node.values() if isinstance(node, dict) else node
    for child in children:
        if isinstance(child, dict | list):
            yield from _objects(child)
            if isinstance(child, dict) and isinstance(child.get("properties"), dict):
                yield child


@cache
def validator(*place, is_closed=True):
    """Of the schema at this place of the document."""
    root = _closed() if is_closed else document()
    schema = reduce(operator.getitem, place, root)
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": root["components"]}, validate_formats=True
    )


@cache
def _templates():
    """(pattern, path) of every path; those without a part to fill in come first."""
    found = []
    for path in sorted(document()["paths"], key=lambda path: path.count("{")):
        pattern = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", path)
        )
        found.append((re.compile(f"{re.escape(PREFIX)}{pattern}"), path))
    return found


def operation_of(method, target):
    """Of a request: (path, operation), or None when the document has no such call."""
    asked = unquote(urlsplit(target).path, errors="replace")
    for pattern, path in _templates():
        if pattern.fullmatch(asked) and method.lower() in document()["paths"][path]:
            return path, document()["paths"][path][method.lower()]
    return None


def _faults(schema, instance):
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
        for error in schema.iter_errors(instance)
    ][:5]


def check(method, target, status, headers, body):
    """Raises AssertionError unless the document says that this may be answered. `headers`: a
    mapping with names in lower case."""
    found = operation_of(method, target)
    path = urlsplit(target).path
    if method not in _METHODS or not path.startswith(f"{PREFIX}/"):
        return
    what = f"{method} {target[:200]} answers {status}"
    content_type = headers.get("content-type", "").partition(";")[0]
    if found is None or status in _OUTSIDE:
        assert not _faults(validator("components", "schemas", "Error"), json.loads(body)), what
        return
    name, operation = found
    assert str(status) in operation["responses"], f"{what}, which is not in the document: {body}"
    response = operation["responses"][str(status)]
    assert content_type in response["content"], f"{what}: {content_type}"
    place = ("paths", name, method.lower(), "responses", str(status), "content", content_type)
    if content_type == "application/json":
        document = json.loads(body)
        faults = _faults(validator(*place, "schema"), document)
        assert not faults, f"{what}: {faults}"
        if status >= 400:
            assert document["error"]["code"] == status, what
    elif content_type == "text/event-stream":
        for event in events(body):
            faults = _faults(validator(*place, "x-event-schema"), event)
            assert not faults, f"{what}: {faults}: {event}"


def events(body):
    frames = [frame for frame in body.decode().split("\n\n") if frame.startswith("data: {")]
    return [json.loads(frame.removeprefix("data: ")) for frame in frames]
