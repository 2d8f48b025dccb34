"""Whatever a provider sends: an answer that can be told, counted and written, or a 502.

The recorded cases (tests/fixtures), with values of another kind, missing keys, broken bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_dialect_fixtures import CASES, raw_of

from api.frames import Frames, whole
from billing.book import GenerationRow
from routing import refusal
from routing.adapters import DIALECTS
from routing.chunk import Chunk, Turn, check, joined
from routing.exchange import Deadlines, Exchange, Register
from routing.framing import FRAMINGS
from routing.reading.prefill import PrefillFilter
from routing.reading.stop_filter import StopFilter
from routing.reading.tool_reader import ToolReader
from routing.request import parse
from routing.serving import RUBBISH
from routing.settlement import Outcome

TOOL = {"type": "function", "function": {"name": "get_weather"}}
REQUEST = parse(
    orjson.dumps({"messages": [{"role": "user", "content": "Hi"}], "tools": [TOOL]}),
    completion=False,
)
ODD = [
    b"null", b"true", b"0", b"-1", b"1000000000", b"18446744073709551615", b"1e308", b"1.5",
    b'""', b'"x"', b'"-5"', b'"\\u0000"', b'"' + b"y" * 5000 + b'"', b"[]", b"{}", b"[[]]",
    b"[{}]", b"[null]", b'["a", 1]', b'{"a": 1}', b'{"": {}}', b"[" * 260 + b"]" * 260,
    b"[" * 1000 + b"]" * 1000,
]  # fmt: skip
MARK = '"a value that is replaced"'
READ = [
    (path.parent.name, json.loads(path.read_text()), raw_of(path))
    for path in CASES
    if raw_of(path) is not None
]


def places(value, where=()):
    yield where
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from places(inner, (*where, key))


def spoilt(event, draw):
    """The event with one value of its JSON replaced or left out, or cut, or no UTF-8."""
    head, line_end, body = event.partition(b"\n") if event[:1] not in b"{[" else (b"", b"", event)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return event[: draw(st.integers(0, len(event)))] + draw(st.sampled_from([b"", b"\xff"]))
    where = draw(st.sampled_from(list(places(document))))
    odd = draw(st.sampled_from(ODD))
    if not where:
        return head + line_end + odd
    owner = document
    for key in where[:-1]:
        owner = owner[key]
    if draw(st.integers(0, 3)):
        owner[where[-1]] = json.loads(MARK)
    else:
        del owner[where[-1]]
    return head + line_end + orjson.dumps(document).replace(MARK.encode(), odd)


def answered(module, turn, events):
    """As routing.serving reads them."""
    chunks = []
    for event in events:
        try:
            chunk = module.decode(event, turn)
            if chunk is None:
                continue
            check(chunk)
        except RUBBISH:
            break
        if chunk.failure is not None:
            tell(chunk.failure)
            break
        chunks.append(chunk)
    return chunks if turn.at_end is None else [*chunks, turn.at_end]


def tell(failure):
    orjson.dumps(refusal.in_band(failure, "Provider").body())
    assert type(failure.status) is int
    assert failure.retry_after_s is None or failure.retry_after_s >= 0


def filtered(chunks, filters):
    for each in filters:
        chunks = [*(passed for chunk in chunks for passed in each.feed(chunk)), *each.finish()]
    return chunks


def write(chunks, turn):
    exchange = Exchange(Register(Deadlines(1, 1, 1, 1, 1, 1)), "gen-1", stream=turn.stream)
    exchange.system_fingerprint = turn.system_fingerprint
    for completion in (False, True):
        Frames(exchange, completion=completion).chunks(chunks)
        whole(exchange, joined(chunks) if chunks else Chunk(), completion=completion)
    row = GenerationRow(
        id="gen-1", user_id=1, key_id=1, created_at=datetime.now(UTC), model="", provider_name=""
    )
    outcome = Outcome(exchange, REQUEST, row)
    outcome.add(chunks)
    assert isinstance(outcome.text(), str)
    assert len(str(turn.native_finish_reason or "")) < 2**20
    assert isinstance(turn.upstream_id, str)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(range(len(READ))), st.data())
def test_whatever_comes_can_be_told_counted_and_written(number, data):
    dialect, case, raw = READ[number]
    module, turn = DIALECTS[dialect], Turn(stream=case.get("stream", False))
    status = case.get("status", 200)
    if not 200 <= status < 300:
        try:
            tell(module.decode_error(status, spoilt(raw, data.draw)))
        except RUBBISH:
            return
        return
    events = [raw]
    if turn.stream:
        decoder = FRAMINGS[case.get("framing", "sse")].decoder()
        events = [*decoder.feed(raw), *decoder.finish()] or [b""]
    spoil = data.draw(st.sampled_from(range(len(events))))
    events[spoil] = spoilt(events[spoil], data.draw)
    chunks = answered(module, turn, events)
    for filters in (
        [],
        [StopFilter(["\n\n", "x"]), ToolReader(REQUEST, lambda: "call_1")],
        [PrefillFilter("Once upon a time there was")],
    ):
        write(filtered(chunks, filters), turn)


@pytest.mark.parametrize(
    "pieces",
    [
        ["```yaml\ntool_calls:\n- name: ", *["a"] * 60_000],
        ["tool_calls: " + "a" * 66_000 + "\n", *["\n"] * 100_000],
        ["a\n" * 300_000],
    ],
    ids=["long line in a fence", "blank lines after a long block", "many lines at once"],
)
def test_what_looks_like_a_call_is_held_back_no_longer_than_needed(pieces):
    # Each took minutes when the time grew with the square of the text.
    reader = ToolReader(REQUEST, lambda: "call_1")
    said = [chunk.text for piece in pieces for chunk in reader.feed(Chunk(piece))]
    said += [chunk.text for chunk in reader.finish()]
    assert "".join(said) == "".join(pieces)
