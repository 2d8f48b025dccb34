"""Every recorded case of every dialect: what encode sends, and what decode makes of the answer.

A case is `tests/fixtures/<dialect>/<case>.json` with the provider's bytes beside it (.txt, .bin).
See CONTRIBUTING.md for the keys.
"""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.snapshot import Endpoint, Prices, Provider
from routing.adapters import DIALECTS
from routing.chunk import Turn
from routing.framing import FRAMINGS
from routing.request import parse

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = [path for name in DIALECTS for path in sorted((FIXTURES / name).glob("*.json"))]
# Every dialect shows these, unless its protocol has no place for them.
SHOWN = frozenset(
    [
        "text", "stream", "tools", "parallel_tools", "image", "prefill", "json", "stop", "length",
        "content_filter", "error", "overloaded", "cut",
    ]
)  # fmt: skip
_TEXT_ONLY = frozenset(["tools", "parallel_tools", "image", "json"])
LACKS = {
    "cohere": frozenset(["image"]),
    "replicate": _TEXT_ONLY,
    "huggingface-tgi": _TEXT_ONLY | {"content_filter"},
    # Its prompt and prefill are in test_runner_dialect.py: each request has a new id.
    "openrouter-runner": _TEXT_ONLY | {"content_filter", "prefill"},
}
# The same module under another name, with an address of its own.
SAME_AS = {"google-gemini": "google-vertex"}

FREEZE = {
    "unsupported_parameters": frozenset,
    "supported_parameters": frozenset,
    "credential_env": tuple,
}


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def raw_of(path):
    found = [path.with_suffix(suffix) for suffix in (".txt", ".bin")]
    return next((file.read_bytes() for file in found if file.exists()), None)


def frozen(fields):
    return {name: FREEZE.get(name, lambda same: same)(value) for name, value in fields.items()}


def endpoint_of(case, dialect):
    provider = {
        "slug": dialect, "name": dialect, "dialect": dialect, "served_at": "http://127.0.0.1",
        "chat_path": "/chat/completions", "completions_path": "/completions",
    }  # fmt: skip
    endpoint = {
        "id": 1, "model_id": "some/model", "upstream_model": "some-model", "prices": Prices(),
        "context_length": 8192,
        "supported_parameters": list(case.get("request", {})),
    }  # fmt: skip
    return Endpoint(
        provider=Provider(**frozen(provider | case.get("provider", {}))),
        **frozen(endpoint | case.get("endpoint", {})),
    )


def read(dialect, case, pieces):
    """All chunks of an answer that arrives in these pieces, and the turn."""
    turn = Turn(stream=case.get("stream", False))
    module = DIALECTS[dialect]
    if not turn.stream:
        chunk = module.decode(b"".join(pieces), turn)
        return ([chunk] if chunk else []), turn
    decoder = FRAMINGS[case.get("framing", "sse")].decoder()
    events = [event for piece in pieces if piece for event in decoder.feed(piece)]
    chunks = []
    for event in [*events, *decoder.finish()]:
        chunk = module.decode(event, turn)
        if chunk is not None:
            chunks.append(chunk)
        if turn.is_done or (chunk is not None and chunk.failure):
            return chunks, turn
    if turn.at_end is not None:
        chunks.append(turn.at_end)
    return chunks, turn


def summary(chunks, turn):
    calls = {}
    reasoning = ""
    for chunk in chunks:
        delta = chunk.delta or {}
        reasoning += delta.get("reasoning") or ""
        for said in delta.get("tool_calls") or ():
            call = calls.setdefault(said["index"], {"id": None, "name": "", "arguments": ""})
            function = said.get("function") or {}
            call["id"] = call["id"] or said.get("id")
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
    ends = [chunk for chunk in chunks if chunk.finish_reason]
    failures = [chunk.failure for chunk in chunks if chunk.failure]
    assert len(ends) <= 1, "an answer ends once"
    return {
        "text": "".join(chunk.text for chunk in chunks),
        "reasoning": reasoning,
        "tool_calls": [calls[index] for index in sorted(calls)],
        "finish_reason": ends[0].finish_reason if ends else None,
        "native_finish_reason": turn.native_finish_reason,
        "usage": usage(turn.usage),
        "failure": failure(failures[0]) if failures else None,
        "next_request": turn.next_request.path if turn.next_request else None,
        "cancel_request": turn.cancel_request.path if turn.cancel_request else None,
    }


def usage(found):
    return found and {
        "prompt_tokens": found.prompt_tokens,
        "completion_tokens": found.completion_tokens,
        "cached_tokens": found.cached_tokens,
        "reasoning_tokens": found.reasoning_tokens,
    }


def failure(found):
    return {
        "status": found.status,
        "permanent": found.permanent,
        "kind": found.kind,
        "message": found.message,
        "reasons": list(found.reasons),
    }


def assert_within(expected, found, where):
    """Every key of `expected` is so in `found`; keys that are not named may be anything."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            assert_within(value, found.get(key), f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        assert len(expected) == len(found), f"{where}: {found}"
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            assert_within(one, other, f"{where}[{number}]")
    else:
        assert expected == found, f"{where}: {found!r}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_is_shown_from_all_sides(dialect):
    shown = {path.stem for path in (FIXTURES / SAME_AS.get(dialect, dialect)).glob("*.json")}
    assert DIALECTS[dialect] is DIALECTS[SAME_AS.get(dialect, dialect)]
    assert shown >= SHOWN - LACKS.get(dialect, frozenset())


def test_every_recorded_file_is_read():
    """No folder is missing or left over, no bytes are without their case or come to nothing."""
    assert {path.name for path in FIXTURES.iterdir() if path.is_dir()} == set(DIALECTS)
    files = {path for name in DIALECTS for path in (FIXTURES / name).iterdir()}
    assert {path.with_suffix(".json") for path in files} == set(CASES)
    for path in CASES:
        expected = json.loads(path.read_text()).get("expected")
        assert bool(expected) == (raw_of(path) is not None), name_of(path)


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_what_is_sent(path):
    case = json.loads(path.read_text())
    if "sent" not in case:
        assert raw_of(path) is not None, "neither a request nor an answer"
        return
    wanted = case["request"]
    request = parse(orjson.dumps(wanted), completion="prompt" in wanted)
    endpoint = endpoint_of(case, path.parent.name)
    before = orjson.dumps(request.messages)
    sent = DIALECTS[path.parent.name].encode(request, endpoint, case.get("max_tokens"))
    again = DIALECTS[path.parent.name].encode(request, endpoint, case.get("max_tokens"))
    assert sent == again
    assert orjson.dumps(request.messages) == before, "the caller's request is changed"
    expected = case["sent"]
    assert orjson.loads(sent.body) == expected["body"]
    for name in {"path", "framing", "stream", "method"} & set(expected):
        assert getattr(sent, name) == expected[name], name


@pytest.mark.parametrize("path", [p for p in CASES if raw_of(p) is not None], ids=name_of)
def test_what_is_understood(path):
    case, raw, dialect = json.loads(path.read_text()), raw_of(path), path.parent.name
    status = case.get("status", 200)
    if not 200 <= status < 300:
        found = {"failure": failure(DIALECTS[dialect].decode_error(status, raw))}
    else:
        found = summary(*read(dialect, case, [raw]))
    assert_within(case["expected"], found, name_of(path))


STREAMS = [
    (path.parent.name, case, raw_of(path))
    for path in CASES
    if (case := json.loads(path.read_text())).get("stream")
    and raw_of(path) is not None
    and 200 <= case.get("status", 200) < 300
]


def plain(chunks):
    return [(chunk.text, chunk.delta, chunk.finish_reason, chunk.logprobs) for chunk in chunks]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(range(len(STREAMS))), st.data())
def test_however_the_bytes_are_cut_the_chunks_are_the_same(number, data):
    dialect, case, raw = STREAMS[number]
    places = data.draw(st.lists(st.integers(0, len(raw)), max_size=12))
    if case.get("framing", "sse") in ("sse", "named-sse") and data.draw(st.booleans()):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        places = [min(place, len(raw)) for place in places]
    cuts = [0, *sorted(places), len(raw)]
    pieces = [raw[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]
    whole, _ = read(dialect, case, [raw])
    cut, _ = read(dialect, case, pieces)
    assert plain(cut) == plain(whole)
