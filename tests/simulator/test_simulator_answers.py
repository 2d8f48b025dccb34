"""What the models say: length, stops, seeds, tools, JSON."""

from __future__ import annotations

import json

import pytest

from simulator import tokens

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["fahrenheit", "celsius"]},
                "days": {"type": "integer", "minimum": 1},
                "note": {"type": "string"},
            },
            "required": ["city", "unit", "days"],
        },
    },
}


def ask(text):
    return [{"role": "user", "content": text}]


def complete(simulator, text, slug="openai", model="gpt-4o", **options):
    client = simulator.client(slug)
    return client.chat.completions.create(model=model, messages=ask(text), **options)


def test_answer_is_about_the_question_and_has_a_natural_length(simulator):
    answer = complete(simulator, "Explain how ocean tides work")
    text = answer.choices[0].message.content
    assert "ocean tides" in text.lower()
    assert answer.choices[0].finish_reason == "stop"
    assert 50 <= answer.usage.completion_tokens <= 250
    assert answer.usage.completion_tokens == tokens.count(text)


def test_stream_says_the_same_as_the_whole_answer(simulator):
    whole = complete(simulator, "Compare bread and cake").choices[0].message.content
    with complete(simulator, "Compare bread and cake", stream=True) as stream:
        parts = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(parts) == whole
    assert len(parts) == tokens.count(whole) + 2


def test_prompt_tokens_follow_the_formula(simulator):
    answer = complete(simulator, "hello world")
    assert answer.usage.prompt_tokens == 3 + 3 + 1 + 2


def test_images_count_a_constant(simulator):
    url = "data:image/png;base64," + "A" * 5_000
    parts = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = simulator.client().chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": parts}], user="images"
    )
    assert answer.usage.prompt_tokens == 3 + 3 + 1 + 1 + tokens.IMAGE_TOKENS
    logged = simulator.record("images")["body"]["messages"][0]["content"][1]["image_url"]["url"]
    assert logged.startswith("data:image/png;base64,AAA")
    assert len(logged) < 100


@pytest.mark.parametrize("limit", [1, 2, 17, 40])
@pytest.mark.parametrize("stream", [False, True])
def test_max_tokens_is_exact(simulator, limit, stream):
    status, _, raw = simulator.chat(
        "deepinfra", "Tell me about Rome", max_tokens=limit, stream=stream
    )
    assert status == 200
    if stream:
        last = next(json.loads(line[6:]) for line in raw.split(b"\n") if b"usage" in line)
    else:
        last = json.loads(raw)
    assert last["usage"]["completion_tokens"] == limit
    assert last["choices"][0]["finish_reason"] == "length"


def test_max_completion_tokens_is_the_same_limit(simulator):
    answer = complete(simulator, "Tell me about Rome", max_completion_tokens=7)
    assert answer.usage.completion_tokens == 7
    assert tokens.count(answer.choices[0].message.content) == 7


def test_stop_sequence_is_cut_and_not_shown(simulator):
    answer = complete(simulator, "[[say: one two three four]]", stop=["four", " three"])
    assert answer.choices[0].message.content == "one two"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 2


def test_together_tells_its_own_end_from_a_stop_sequence(simulator):
    own = complete(simulator, "[[say: one two]]", slug="together")
    stopped = complete(simulator, "[[say: one two]]", slug="together", stop=" two")
    assert own.choices[0].finish_reason == "eos"
    assert stopped.choices[0].finish_reason == "stop"


def test_same_seed_same_text_other_seed_other_text(simulator):
    texts = [
        complete(simulator, "Describe a forest", seed=seed).choices[0].message.content
        for seed in (1, 1, 2, None, None)
    ]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert texts[3] == texts[4]


def test_say_is_said_exactly_and_letters_stay_whole(simulator):
    said = "世界 🦜🦜 naïve\nline"
    with complete(simulator, f"x [[say: {said}]] y", stream=True) as stream:
        parts = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(parts) == said
    assert not any("\ufffd" in part for part in parts)


def test_echo_model_repeats_the_question(simulator):
    answer = complete(simulator, "repeat this [[simulate comments=1]]", model="echo")
    assert answer.choices[0].message.content == "repeat this"


def test_prefill_is_continued_and_not_repeated(simulator):
    messages = [*ask("Tell me about Rome"), {"role": "assistant", "content": "Rome is old"}]
    answer = simulator.client().chat.completions.create(model="gpt-4o", messages=messages)
    text = answer.choices[0].message.content
    assert text.startswith(" ")
    assert "Rome is old" not in text


def test_json_mode_is_a_valid_object(simulator):
    answer = complete(simulator, "Give me facts", response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


def test_json_schema_is_obeyed(simulator):
    wanted = {
        "type": "object",
        "properties": {"names": {"type": "array", "items": {"$ref": "#/$defs/name"}}},
        "required": ["names"],
        "$defs": {"name": {"type": "string"}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": wanted}}
    answer = complete(simulator, "Name parrots", response_format=form)
    assert json.loads(answer.choices[0].message.content) == {"names": ["parrots"]}


@pytest.mark.parametrize("slug", ["openai", "together", "mistral", "groq", "fireworks"])
def test_tool_call_streams_and_its_arguments_fit_the_schema(simulator, slug):
    with complete(
        simulator,
        "The weather in Paris in celsius for 3 days?",
        slug=slug,
        tools=[TOOL],
        stream=True,
    ) as stream:
        chunks = list(stream)
    calls = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
    assert calls[0].id
    assert calls[0].function.name == "get_weather"
    arguments = json.loads("".join(call.function.arguments or "" for call in calls))
    assert arguments == {"city": "Paris", "unit": "celsius", "days": 3}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_whole_tool_call_and_the_answer_to_its_result(simulator):
    first = complete(simulator, "The weather in Paris?", tools=[TOOL])
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "21 degrees"}
    second = simulator.client().chat.completions.create(
        model="gpt-4o", messages=[*ask("The weather in Paris?"), message, result], tools=[TOOL]
    )
    assert "21 degrees" in second.choices[0].message.content
    assert second.choices[0].finish_reason == "stop"


def test_tool_choice_none_is_an_answer_and_a_named_tool_is_called(simulator):
    other = {"type": "function", "function": {"name": "other"}}
    text = complete(simulator, "Weather?", tools=[TOOL], tool_choice="none")
    assert text.choices[0].message.content
    forced = {"type": "function", "function": {"name": "other"}}
    call = complete(simulator, "Weather?", tools=[TOOL, other], tool_choice=forced)
    assert call.choices[0].message.tool_calls[0].function.name == "other"


def test_tool_call_is_cut_by_max_tokens(simulator):
    answer = complete(simulator, "Weather in Paris?", tools=[TOOL], max_tokens=5)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 5


def test_logprobs_have_one_entry_for_each_token(simulator):
    answer = complete(simulator, "[[say: one two three]]", logprobs=True, top_logprobs=2)
    entries = answer.choices[0].logprobs.content
    assert [entry.token for entry in entries] == ["one", " two", " three"]
    assert all(entry.logprob < 0 and len(entry.top_logprobs) == 2 for entry in entries)


def test_legacy_completion_streams_text(simulator):
    client = simulator.client("together")
    whole = client.completions.create(model="m", prompt="Once upon a time", max_tokens=9)
    assert whole.object == "text_completion"
    with client.completions.create(
        model="m", prompt="Once upon a time", max_tokens=9, stream=True
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text
    assert chunks[-1].choices[0].finish_reason == "length"
    assert chunks[-1].usage.completion_tokens == 9
