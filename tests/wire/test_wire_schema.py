"""Schemathesis before the running server: whatever is sent, good or bad, the answer is one that the
OpenAPI document tells of, and never a 500.

The seed is fixed; SCHEMA_EXAMPLES sets how many requests each call gets of each kind.
"""

from __future__ import annotations

import os

import contract
import pytest
import requests
import schemathesis
from gateway_process import Caller
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from wire_client import TURBO, bearer, request

pytestmark = pytest.mark.database

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "8"))
MANAGEMENT = [{"ManagementKey": []}]


def _operations():
    schema = schemathesis.openapi.from_dict(contract.document())
    return [found.ok() for found in schema.get_all_operations()]


def _can_be_wrong(operation):
    """Whether the document forbids anything: of a path, only what is no path."""
    parameters = operation.definition.raw.get("parameters", ())
    return operation.body or any(
        each["in"] == "query" or each["schema"].keys() - {"type"} for each in parameters
    )


CALLS = [pytest.param(each, id=f"{each.method} {each.path}") for each in _operations()]
WITH_BODY = [each for each in CALLS if each.values[0].body]
CAN_BE_WRONG = [each for each in CALLS if _can_be_wrong(each.values[0])]


@pytest.fixture(scope="module")
def headers(gateway):
    """`headers(operation)`: with a key of the kind it takes, all of one account."""
    caller = gateway.caller(credits="1000")
    email = gateway.sql("SELECT email FROM accounts_user WHERE id = %s", caller.user_id)[0]["email"]
    made = gateway.desk("command", name="createkey", arguments=["--email", email, "--management"])
    manager = Caller(made["output"].strip(), 0, caller.user_id)

    def of(operation):
        asked = operation.definition.raw["security"]
        return bearer(manager if asked == MANAGEMENT else caller)

    return of


@pytest.fixture(scope="module")
def session():
    with requests.Session() as made:
        yield made


def _aimed(case):
    """A good completion goes to a model there is, so that it is more than an unknown name."""
    if isinstance(case.body, dict) and "model" in case.body:
        case.body["model"] = TURBO
        case.body.pop("models", None)
        case.body.pop("route", None)
    return case


def _send(gateway, session, case, headers):
    """What came, after it was held against the document."""
    sent = case.as_transport_kwargs(base_url=f"{gateway.url}{contract.PREFIX}", headers=headers)
    answer = session.request(**sent, timeout=30, allow_redirects=False)
    received = {name.lower(): value for name, value in answer.headers.items()}
    contract.check(
        answer.request.method, answer.request.path_url, answer.status_code, received, answer.content
    )
    assert answer.status_code != 500
    return answer


def _ask(gateway, session, headers, cases):
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases)
    def ask(case):
        _send(gateway, session, case, headers)

    ask()


@pytest.mark.parametrize("operation", CALLS)
def test_good_requests_are_answered_as_the_document_says(gateway, session, headers, operation):
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE).map(_aimed)
    _ask(gateway, session, headers(operation), cases)


@pytest.mark.parametrize("operation", CAN_BE_WRONG)
def test_bad_requests_are_answered_as_the_document_says(gateway, session, headers, operation):
    cases = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    _ask(gateway, session, headers(operation), cases)


BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"\x00", b"[" * 10_000, b"{}", b"NaN",
    b'{"a": 1e9999}', b'{"a": ' + b"9" * 5_000 + b"}", b'{"\\ud800": "\\udc00"}', b"a=b&c=d",
    b'{"model": NaN}', b'{"amount": Infinity}', b'{"x": 1} trailing',
]  # fmt: skip
CONTENT_TYPES = [
    "application/json", "text/plain", "application/x-www-form-urlencoded", "application/xml",
    "multipart/form-data; boundary=x", "application/json; charset=utf-16", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("operation", WITH_BODY)
def test_bodies_and_content_types_of_all_kinds_are_answered_in_one_shape(
    gateway, headers, operation
):
    path = operation.path
    for part, example in (("{hash}", "0" * 64), ("{id}", "7")):
        path = path.replace(part, example)
    for number, body in enumerate(BODIES):
        for content_type in {CONTENT_TYPES[number % len(CONTENT_TYPES)], "application/json"}:
            sent = {**headers(operation), "Content-Type": content_type}
            answer = request(
                gateway, operation.method.upper(), f"{contract.PREFIX}{path}", body, sent
            )
            assert 400 <= answer.status < 500, (body[:50], content_type, answer.body)


@pytest.mark.parametrize("operation", CALLS)
def test_every_call_that_takes_a_key_refuses_who_has_none(gateway, operation):
    path = operation.path
    for part, example in (("{hash}", "0" * 64), ("{id}", "7"), ("{author}", "a"), ("{slug}", "b")):
        path = path.replace(part, example)
    needs_key = operation.definition.raw["security"] not in ([], [{}, {"AnyKey": []}])
    body = b"{}" if operation.body else None
    for sent in ({}, {"Authorization": "Bearer sk-or-v1-nonsense"}):
        answer = request(gateway, operation.method.upper(), f"{contract.PREFIX}{path}", body, sent)
        assert (answer.status == 401) == needs_key
