"""A model that knows no tools plays along when they stand in its prompt as YAML."""

from __future__ import annotations

import json

import pytest
import yaml
from simulator_process import events, text_of

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
