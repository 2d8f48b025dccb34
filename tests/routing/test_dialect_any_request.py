"""Whatever a caller asks for: every dialect makes a request of it that its provider can read.

What the provider then refuses must be the caller's own fault, and never a mistake of ours (5xx).
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import orjson
import pytest
from any_conversation import bodies, endpoints
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.credentials import ProviderCredential
from openrouter_site.errors import BadRequest
from routing import tokens
from routing.adapters import DIALECTS
from routing.fetching import Fetcher
from routing.formats.templates import TEMPLATES, render
from routing.preparation import prepared
from routing.request import parse
from routing.targets import target_of
from simulator.dialect import Call
from simulator.dialects import DIALECTS as PLAYED
from simulator.errors import Refused
from simulator.providers import PROVIDERS

KEY = ProviderCredential(id="k", label="", source="", secret="none")


def done(coroutine):
    """Nothing is fetched, so nothing waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def call_of(endpoint, sent):
    """As it arrives at the simulator."""
    target = target_of(endpoint, sent, KEY)
    head, _, body = target.request(sent).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, resource, _ = first.split(" ")
    path, _, query = resource.partition("?")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if not target.is_whole:
        headers["authorization"] = "Bearer token"
    slug = endpoint.provider.slug
    return Call(
        provider=PROVIDERS[slug], method=method, path=unquote(path).removeprefix(f"/{slug}"),
        query=dict(parse_qsl(query, keep_blank_values=True)), headers=headers, raw=body,
        key=None, origin=f"http://127.0.0.1/{slug}",
    )  # fmt: skip


def asked(body, is_completion, endpoint, sees):
    try:
        request = parse(body, completion=is_completion)
    except BadRequest:
        return None, None
    dialect = DIALECTS[endpoint.provider.dialect]
    if request.image_count and not (sees and getattr(dialect, "TAKES_IMAGES", True)):
        return None, None
    limit = endpoint.max_completion_tokens or endpoint.context_length or 4096
    max_tokens = None if request.max_tokens is None else min(request.max_tokens, limit)
    before = orjson.dumps(request.messages)
    ready = done(prepared(request, endpoint, dialect, Fetcher()))
    sent = dialect.encode(ready.request, endpoint, max_tokens)
    assert orjson.dumps(request.messages) == before, "the caller's request is changed"
    return request, sent


DIALECTS_SEEN = sorted({endpoint.provider.dialect for endpoint, _ in endpoints()})


def test_every_dialect_is_asked():
    assert set(DIALECTS) == set(DIALECTS_SEEN)


def refused(body, is_completion, endpoint, sees):
    """Why the provider does not take it; None: it does, or it is not asked."""
    _, sent = asked(body, is_completion, endpoint, sees)
    if sent is None:
        return None
    call = call_of(endpoint, sent)
    try:
        PLAYED[call.provider.dialect].read(call)
    except Refused as found:
        return found
    return None


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies(), st.data())
def test_whatever_is_asked_is_sent_as_the_provider_reads_it(asked_for, data):
    for dialect in DIALECTS_SEEN:
        rows = [row for row in endpoints() if row[0].provider.dialect == dialect]
        found = refused(*asked_for, *data.draw(st.sampled_from(rows)))
        assert found is None or 400 <= found.status < 500, found


def taken(body, is_completion, *wanted):
    """Whoever speaks these dialects (all, if none is named) is sent it and takes it."""
    rows = [row for row in endpoints() if not wanted or row[0].provider.dialect in wanted]
    assert rows
    for endpoint, sees in rows:
        where = (endpoint.model_id, endpoint.provider.slug)
        assert asked(body, is_completion, endpoint, sees)[1] is not None, where
        found = refused(body, is_completion, endpoint, sees)
        assert found is None, (*where, str(found))


def body_of(*messages, **parameters):
    return orjson.dumps({"messages": messages, **parameters})


USER = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize("levels", [250, 300, 1000])
def test_arguments_and_results_that_nest_deeply_are_sent_as_texts(levels):
    deep = '{"a":' * levels + "1" + "}" * levels
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": deep}}
    body = body_of(
        USER,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": deep},
        tools=[{"type": "function", "function": {"name": "f"}}],
    )
    taken(body, False)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": {}},
        {"type": [[]]},
        {"type": "string", "format": []},
        {"type": "object", "properties": {"a": {}}, "required": [{}]},
        {"allOf": [{"properties": {}}], "properties": "a"},
        {"allOf": [{"required": []}], "required": 1},
    ],
    ids=str,
)
def test_a_schema_that_is_none_is_no_mistake_of_ours(schema):
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    for endpoint, sees in endpoints():
        _, sent = asked(body_of(USER, tools=[tool]), False, endpoint, sees)
        assert sent is not None


def test_stops_that_cannot_be_sent_are_left_out():
    taken(b'{"prompt": "Hi", "stop": ","}', True, "replicate")


def test_a_blank_refusal_is_no_text():
    body = body_of(USER, {"role": "assistant", "content": None, "refusal": " "}, USER)
    taken(body, False, "anthropic", "bedrock")


BIG = "word " * 5_000


@pytest.mark.parametrize(
    "said",
    [
        {"refusal": BIG},
        {"function_call": {"name": "f", "arguments": BIG}},
        {"tool_calls": [{"id": BIG, "function": {"name": "f", "arguments": "{}"}}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": BIG, "signature": "s"}]},
    ],
    ids=lambda said: next(iter(said)),
)
def test_all_that_may_be_sent_is_counted(said):
    # What is not counted is not set aside, and is given away where nobody reports usage.
    request = parse(
        body_of(USER, {"role": "assistant", "content": "Yes", **said}), completion=False
    )
    assert tokens.count_request(request) > 5_000


@pytest.mark.timeout(15)
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("blank", ["\n", " ", "\r\n", "\n ", "\u2028"])
def test_blanks_cost_a_template_no_more_than_words(name, blank):
    # 20,000 line ends are 640 tokens, and took five seconds of everybody's time.
    message = {"role": "user", "content": "a" + blank * 50_000 + "b"}
    render([message], name, prefill=False)
