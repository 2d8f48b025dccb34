"""The buffer of a run: whoever reads when, nobody misses or repeats anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playground import buffer
from playground.buffer import Buffer

TEXTS = st.text(min_size=1, max_size=5)
ENTRIES = st.lists(
    st.one_of(
        st.tuples(st.just(buffer.DELTA), TEXTS),
        st.tuples(st.just(buffer.REASONING), TEXTS),
        st.tuples(st.just(buffer.ROUTE), st.just({"provider": "X"})),
        st.tuples(
            st.just(buffer.TOOL),
            st.builds(
                lambda index, text: [{"index": index, "function": {"arguments": text}}],
                st.integers(0, 2), TEXTS,
            ),
        ),
    ),
    max_size=30,
)  # fmt: skip


class Reader:
    def __init__(self):
        self.seq = -1
        self.texts = {buffer.DELTA: "", buffer.REASONING: ""}
        self.calls = []

    def read(self, log):
        for event in log.events(self.seq):
            assert event["seq"] > self.seq
            self.seq = event["seq"]
            kind = event["type"].removeprefix("run.")
            if kind in self.texts:
                self.texts[kind] += event["text"]
            elif kind == buffer.TOOL:
                self.calls = event["calls"]


@given(ENTRIES, st.lists(st.booleans(), min_size=30, max_size=30))
def test_readers_of_any_pace_have_the_same(entries, pauses):
    log, hasty, lazy = Buffer("msg"), Reader(), Reader()
    for (kind, payload), pause in zip(entries, pauses, strict=False):
        log.add(kind, payload)
        hasty.read(log)
        if pause:
            lazy.read(log)
    lazy.read(log)
    late = Reader()
    late.read(log)
    for kind in late.texts:
        whole = "".join(payload for each, payload in entries if each == kind)
        assert hasty.texts[kind] == lazy.texts[kind] == late.texts[kind] == whole
    assert hasty.calls == lazy.calls == late.calls == log.calls()
    assert hasty.seq == lazy.seq == late.seq == log.last == len(entries) - 1
    assert log.message()["content"] == late.texts[buffer.DELTA]


@given(ENTRIES, st.integers(1, 7))
def test_a_mirror_that_is_told_in_pieces_is_the_same(entries, size):
    log, mirror = Buffer("msg"), Buffer("msg")
    for kind, payload in entries:
        log.add(kind, payload)
    while pieces := log.entries(mirror.last, size):
        for kind, payload in pieces:
            mirror.add(kind, payload)
    assert mirror.events(-1) == log.events(-1) and mirror.message() == log.message()


def test_neighbours_are_one_event():
    log = Buffer("msg")
    for text in ("a", "b", "c"):
        log.add(buffer.DELTA, text)
    log.add(buffer.REASONING, "d")
    log.add(buffer.DONE, {"state": "done"})
    assert log.events(0) == [
        {"type": "run.delta", "run": "msg", "seq": 2, "text": "bc"},
        {"type": "run.reasoning", "run": "msg", "seq": 3, "text": "d"},
        {"type": "run.done", "run": "msg", "seq": 4, "state": "done"},
    ]
    assert log.done == {"state": "done"} and log.events(4) == []
