"""The bytes of answers: JSON of exactly the documented shape."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.frames import Frames, whole
from openrouter_site.errors import BadGateway
from routing.chunk import Chunk
from routing.exchange import Deadlines, Exchange, Register
from routing.sse import Decoder

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cost": 0.5}
LOGPROBS = {"content": [{"token": "a", "logprob": -1.5, "bytes": [97], "top_logprobs": []}]}
# The same as text completions show it.
LISTS = {"tokens": ["a"], "token_logprobs": [-1.5], "top_logprobs": None}
CALLS = [{"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def exchange(fingerprint=None):
    made = Exchange(Register(Deadlines(1, 1, 1, 1, 1, 1)), "gen-1700000000-abc", stream=True)
    made.model_id, made.provider_name = "openai/gpt-4", "OpenAI"
    made.system_fingerprint = fingerprint
    made.usage = USAGE
    return made


def frames(completion=False, **fields):
    return Frames(exchange(**fields), completion=completion)


def documents(data):
    """The documents of these frames; each frame is one line and a blank one."""
    assert data.startswith(b"data: ") and data.endswith(b"\n\n") and b"\r" not in data
    events = Decoder().feed(data)
    assert data == b"".join(b"data: " + event + b"\n\n" for event in events)
    return [event.decode() if event == b"[DONE]" else json.loads(event) for event in events]


def base(kind="chat.completion.chunk", fingerprint=None):
    return {
        "id": "gen-1700000000-abc", "provider": "OpenAI", "model": "openai/gpt-4", "object": kind,
        "system_fingerprint": fingerprint,
    }  # fmt: skip


def only(data):
    """The single document, less the time it was made."""
    (document,) = documents(data)
    assert abs(document.pop("created") - time.time()) < 60
    return document


def choice(finish=None, native=None, logprobs=None, **said):
    return {
        "index": 0, **said, "finish_reason": finish, "native_finish_reason": native,
        "logprobs": logprobs,
    }  # fmt: skip


def delta(content="", **beside):
    return {"role": "assistant", "content": content, **beside}


def test_text():
    document = only(frames().chunk(Chunk(text="Hi")))
    assert document == base() | {"choices": [choice(delta=delta("Hi"))]}
    document = only(frames(fingerprint="fp_1").chunk(Chunk(text="Hi")))
    assert document["system_fingerprint"] == "fp_1"


def test_finish():
    chunk = Chunk(text="!", finish_reason="stop", native_finish_reason="eos")
    document = only(frames().chunk(chunk))
    assert document == base() | {"choices": [choice("stop", "eos", delta=delta("!"))]}


def test_logprobs():
    document = only(frames().chunk(Chunk(text="a", logprobs=LOGPROBS)))
    assert document == base() | {"choices": [choice(delta=delta("a"), logprobs=LOGPROBS)]}


@pytest.mark.parametrize("beside", [{"tool_calls": CALLS}, {"reasoning": "hm"}])
def test_what_is_beside_the_text(beside):
    document = only(frames().chunk(Chunk(delta=beside)))
    assert document == base() | {"choices": [choice(delta=delta("", **beside))]}


def test_completion_mode_has_text_instead_of_a_delta():
    made = frames(completion=True)
    expected = base("text_completion")
    assert only(made.chunk(Chunk(text="Hi"))) == expected | {"choices": [choice(text="Hi")]}
    chunk = Chunk(finish_reason="length", native_finish_reason="length", logprobs=LOGPROBS)
    assert only(made.chunk(chunk)) == expected | {
        "choices": [choice("length", "length", LISTS, text="")]
    }


@pytest.mark.parametrize("completion", [False, True])
def test_the_ending_has_the_usage_without_choices_and_then_done(completion):
    document, done = documents(frames(completion).ending(USAGE))
    document.pop("created")
    kind = "text_completion" if completion else "chat.completion.chunk"
    assert document == base(kind) | {"choices": [], "usage": USAGE}
    assert done == "[DONE]"


@pytest.mark.parametrize(
    ("completion", "said"), [(False, {"delta": delta("")}), (True, {"text": ""})]
)
def test_an_error_ends_the_stream(completion, said):
    error = BadGateway("Provider returned error", {"provider_name": "OpenAI"})
    document = only(frames(completion).error(error))
    assert document.pop("error") == {
        "code": 502, "message": "Provider returned error", "metadata": {"provider_name": "OpenAI"},
    }  # fmt: skip
    assert document.pop("choices") == [
        {"index": 0, **said, "finish_reason": "error", "native_finish_reason": None}
    ]
    assert document == base("text_completion" if completion else "chat.completion.chunk")


@given(st.lists(st.text()), st.booleans())
def test_any_text_survives(texts, completion):
    made = frames(completion)
    found = documents(made.chunks([Chunk(text=text) for text in texts])) if texts else []
    choices = [document["choices"][0] for document in found]
    assert [each["text"] if completion else each["delta"]["content"] for each in choices] == texts


def test_plain_text_and_the_rest_have_the_same_keys():
    """Two ways to make a frame; a client must not see which."""
    for completion in (False, True):
        made = frames(completion)
        plain = documents(made.chunk(Chunk(text="a")))[0]
        rich = documents(made.chunk(Chunk(text="a", logprobs=LOGPROBS)))[0]
        rich["choices"][0]["logprobs"] = None
        assert plain == rich
        assert list(plain["choices"][0]) == list(rich["choices"][0])


# --- Whole answers -------------------------------------------------------------------------------


def answer(chunk, completion=False):
    document = json.loads(whole(exchange(), chunk, completion=completion))
    assert abs(document.pop("created") - time.time()) < 60
    return document


@pytest.mark.parametrize(
    ("chunk", "content", "beside"),
    [
        (Chunk(text="Hi"), "Hi", {}),
        (Chunk(), "", {}),
        (Chunk(delta={"tool_calls": CALLS}), None, {"tool_calls": CALLS}),
        (Chunk(text="4", delta={"reasoning": "2+2"}), "4", {"reasoning": "2+2"}),
        (Chunk(delta={"refusal": "no"}), None, {"refusal": "no"}),
    ],
)
def test_a_whole_answer(chunk, content, beside):
    chunk.finish_reason, chunk.native_finish_reason = "stop", "eos"
    message = {"role": "assistant", "content": content, "refusal": None, "reasoning": None}
    assert answer(chunk) == base("chat.completion") | {
        "choices": [choice("stop", "eos", message=message | beside)],
        "usage": USAGE,
    }


def test_a_whole_completion():
    chunk = Chunk(text="Hi", finish_reason="stop", native_finish_reason="eos", logprobs=LOGPROBS)
    assert answer(chunk, completion=True) == base("text_completion") | {
        "choices": [choice("stop", "eos", LISTS, text="Hi")],
        "usage": USAGE,
    }
