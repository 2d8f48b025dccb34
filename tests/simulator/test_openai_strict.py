"""What OpenAI-like providers refuse beyond unknown parameters, and raw prompts in templates."""

from __future__ import annotations

import json

import openai
import pytest

HELLO = {"role": "user", "content": "[[say: Hello]]"}


def refused(simulator, slug, path="chat/completions", **body):
    """Status and message of a refusal."""
    status, _, raw = simulator.request("POST", f"/{slug}/v1/{path}", {"model": "m", **body})
    return status, raw.decode()


@pytest.mark.parametrize(
    ("slug", "body", "status", "words"),
    [
        ("openai", {"messages": [HELLO | {"reasoning": "x"}]}, 400, "messages[0].reasoning"),
        ("groq", {"messages": [HELLO | {"name": "alice"}]}, 400, "'name' is unsupported"),
        ("mistral", {"messages": [HELLO | {"name": "alice"}]}, 422, "Extra inputs"),
        ("perplexity", {"messages": [HELLO, {"role": "assistant", "content": "I am "}]}, 400,
         "Last message must have role `user` or `tool`."),
        ("deepinfra", {"messages": [HELLO], "response_format": {"type": "json_schema"}}, 422,
         "Invalid value"),
        ("together", {"messages": [HELLO], "logprobs": True}, 400, "received boolean"),
    ],
)  # fmt: skip
def test_what_is_refused(simulator, slug, body, status, words):
    assert refused(simulator, slug, messages=[HELLO])[0] == 200
    found, text = refused(simulator, slug, **body)
    assert found == status
    assert words in text


def test_parts_have_no_other_keys(simulator):
    part = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
    status, text = refused(simulator, "openai", messages=[{"role": "user", "content": [part]}])
    assert status == 400
    assert "messages[0].content[0].cache_control" in text


def test_a_chat_model_knows_no_raw_prompts(simulator):
    completions = simulator.client().completions
    with pytest.raises(openai.NotFoundError, match="This is a chat model"):
        completions.create(model="gpt-4o", prompt="Hi")
    answer = completions.create(model="gpt-3.5-turbo-instruct", prompt="[[say: Hi]]")
    assert answer.choices[0].text == "Hi"


def completed(simulator, prompt, model="m"):
    status, raw = refused(simulator, "lynn", "completions", prompt=prompt, model=model)
    assert status == 200
    return json.loads(raw)["choices"][0]["text"]


@pytest.mark.parametrize(
    "prompt",
    [
        "[INST] Be kind.\n\nOld [/INST] Old answer</s>[INST] New [/INST]{}",
        "<|im_start|>user\nNew<|im_end|>\n<|im_start|>assistant\n{}",
        "<|start_header_id|>user<|end_header_id|>\n\nNew<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n{}",
        "<start_of_turn>user\nNew<end_of_turn>\n<start_of_turn>model\n{}",
        "### Instruction:\nNew\n\n### Response:\n{}",
        "Be kind. USER: New ASSISTANT:{}",
        "User: Old\n\nAssistant: Old answer\n\nUser: New\n\nAssistant:{}",
    ],
)
def test_the_last_turn_of_a_template_is_answered_or_continued(simulator, prompt):
    assert completed(simulator, prompt.format(""), "echo") == "New"
    assert completed(simulator, prompt.format(" I am")).startswith(" and that is where New comes")


def test_any_other_prompt_is_one_question(simulator):
    assert completed(simulator, "Once upon", "echo") == "Once upon"
