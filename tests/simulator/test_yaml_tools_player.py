"""A model that knows no tools plays along when they stand in its prompt as YAML."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
import yaml
from seed_tool import WEATHER
from simulator_process import events, text_of

from catalog.snapshot import Endpoint, Prices, Provider
from routing import sse
from routing.adapters import openai
from routing.chunk import Turn
from routing.reading.tool_reader import ToolReader
from routing.reading.tools import as_text, needs_text
from routing.request import parse

QUESTION = "What is the weather like in Boston?"
APPENDIX = """

Tools you may use:

```yaml
tools:
- name: clock
  description: Tell the time
- name: get_current_weather
  description: Get the current weather in a given location
  parameters:
    type: object
    properties:
      location:
        type: string
    required:
    - location
```

Answer like this:

```yaml
tool_calls:
- name: NAME
  arguments: {}
```"""
CALL = {"name": "get_current_weather", "arguments": {"location": "Boston"}}


def said(raw):
    return json.loads(raw)["choices"][0]["message"]["content"]


def chat(simulator, *contents, **body):
    """Turns of the user and the assistant."""
    messages = [
        {"role": "assistant" if place % 2 else "user", "content": content}
        for place, content in enumerate(contents)
    ]
    body = {"model": "m", "messages": messages, **body}
    status, _, raw = simulator.request("POST", "/lynn/v1/chat/completions", body)
    assert status == 200
    return raw


def called(text):
    assert text.startswith("```yaml\n") and text.endswith("```")
    return yaml.safe_load(text[8:-3])["tool_calls"]


def test_it_answers_with_a_call_in_the_form_that_was_asked_for(simulator):
    assert called(said(chat(simulator, QUESTION + APPENDIX))) == [CALL]
    assert called(text_of(events(chat(simulator, QUESTION + APPENDIX, stream=True)))) == [CALL]


def test_several_calls(simulator):
    text = f"{QUESTION} [[simulate parallel=2]]{APPENDIX}"
    assert [call["name"] for call in called(said(chat(simulator, text)))] == [
        "get_current_weather",
        "clock",
    ]


def test_after_the_result_it_uses_words(simulator):
    call = f"```yaml\n{yaml.safe_dump({'tool_calls': [CALL]})}```"
    result = f"Result of get_current_weather (call 1):\n22 degrees and sunny{APPENDIX}"
    text = said(chat(simulator, QUESTION + APPENDIX, call, result))
    assert "22 degrees and sunny" in text
    assert "tool_calls" not in text and "Result of" not in text


def test_a_raw_prompt_that_ends_with_tools(simulator):
    body = {"model": "m", "prompt": f"[INST] {QUESTION}{APPENDIX} [/INST]"}
    raw = simulator.request("POST", "/lynn/v1/completions", body)[2]
    assert called(json.loads(raw)["choices"][0]["text"]) == [CALL]


@pytest.mark.parametrize(
    "text",
    [
        QUESTION,
        APPENDIX.replace("tool_calls", "other"),
        APPENDIX.replace("- name: clock", "- x: clock: y"),
        f"[[say: No.]]{APPENDIX}",
    ],
)
def test_anything_else_is_answered_in_words(simulator, text):
    assert not said(chat(simulator, text)).startswith("```")


def test_a_call_is_cut_where_the_tokens_end(simulator):
    raw = chat(simulator, QUESTION + APPENDIX, max_tokens=5)
    assert json.loads(raw)["choices"][0]["finish_reason"] == "length"


# --- With our own words --------------------------------------------------------------------------

PROVIDER = Provider(
    slug="lynn", name="Lynn", dialect="openai", served_at=None, chat_path="/v1/chat/completions",
    completions_path="/v1/completions",
)  # fmt: skip


def answered(simulator, messages, instruct_type=None, **body):
    """What a model without tools says, through our dialect: text, calls and finish reason."""
    body = {"messages": messages, "tools": [WEATHER], **body}
    asked = parse(json.dumps(body).encode(), completion=False)
    provider = replace(PROVIDER, chat_path=None) if instruct_type else PROVIDER
    endpoint = Endpoint(
        id=1, model_id="lynn/soliloquy-l3", provider=provider, upstream_model="soliloquy-l3",
        prices=Prices(), context_length=8192, instruct_type=instruct_type,
        supported_parameters=frozenset({"stop"}),
    )  # fmt: skip
    assert needs_text(asked, endpoint)
    sent = openai.encode(as_text(asked), endpoint, 200)
    status, _, raw = simulator.request("POST", f"/lynn{sent.path}", sent.body)
    assert status == 200
    ids = itertools.count()
    reader, turn = ToolReader(asked, lambda: f"call_{next(ids):024}"), Turn(stream=sent.stream)
    decoder = sse.Decoder()
    pieces = [*decoder.feed(raw), *decoder.finish()] if sent.stream else [raw]
    decoded = [chunk for piece in pieces if (chunk := openai.decode(piece, turn))]
    chunks = [*(each for chunk in decoded for each in reader.feed(chunk)), *reader.finish()]
    calls = [call for chunk in chunks if chunk.delta for call in chunk.delta["tool_calls"]]
    return "".join(chunk.text for chunk in chunks), calls, chunks[-1].finish_reason


@pytest.mark.parametrize("instruct_type", [None, "mistral", "llama3", "chatml", "alpaca"])
@pytest.mark.parametrize("streamed", [False, True])
def test_the_five_turns_of_the_seed_on_a_model_without_tools(simulator, streamed, instruct_type):
    turns = [{"role": "user", "content": "What is the weather like in Boston?"}]
    text, (call,), reason = answered(simulator, turns, instruct_type, stream=streamed)
    assert (text.strip(), reason) == ("", "tool_calls")
    assert call["function"]["name"] == "get_current_weather"
    assert json.loads(call["function"]["arguments"]) == {"location": "Boston"}
    call = {"id": call["id"], "type": call["type"], "function": call["function"]}
    turns += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": '{"temperature": "22"}'},
    ]
    text, calls, reason = answered(simulator, turns, instruct_type, stream=streamed)
    assert (calls, reason) == ([], "stop")
    assert '"temperature": "22"' in text


def test_parallel_calls_on_a_model_without_tools(simulator):
    turns = [{"role": "user", "content": "Weather in Boston and Paris? [[simulate parallel=2]]"}]
    _, calls, _ = answered(simulator, turns, stream=True)
    assert [call["index"] for call in calls] == [0, 1]
    assert len(answered(simulator, turns, parallel_tool_calls=False)[1]) == 1
