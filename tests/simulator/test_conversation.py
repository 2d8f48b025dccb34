"""Prompts in instruct formats, read as what was said."""

from __future__ import annotations

import pytest

from simulator.conversation import conversation

SYSTEM, USER, ASSISTANT = "Be brief.", "Hi, who is it?", "Me."
SAID = [("system", SYSTEM), ("user", USER), ("assistant", ASSISTANT), ("user", "Who?")]


@pytest.mark.parametrize(
    "prompt",
    [
        "<|im_start|>system\n{s}<|im_end|>\n<|im_start|>user\n{u}<|im_end|>\n"
        "<|im_start|>assistant\n{a}<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n"
        "<|im_start|>assistant\n",
        "<|start_header_id|>system<|end_header_id|>\n\n{s}<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n{u}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n{a}<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nWho?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|system|>\n{s}</s>\n<|user|>\n{u}</s>\n<|assistant|>\n{a}</s>\n<|user|>\nWho?</s>\n"
        "<|assistant|>\n",
        "[INST] <<SYS>>\n{s}\n<</SYS>>\n\n{u} [/INST] {a} </s><s>[INST] Who? [/INST]",
        "{s} USER: {u} ASSISTANT: {a}</s>USER: Who? ASSISTANT:",
        "{s}\n\n### Instruction:\n{u}\n\n### Response:\n{a}\n\n### Instruction:\nWho?\n\n"
        "### Response:\n",
        "System: {s}\n\nUser: {u}\n\nAssistant: {a}\n\nUser: Who?\n\nAssistant:",
        "{s}\n\nHuman: {u}\n\nAssistant: {a}\n\nHuman: Who?\n\nAssistant:",
        "GPT4 Correct System: {s}<|end_of_turn|>GPT4 Correct User: {u}<|end_of_turn|>"
        "GPT4 Correct Assistant: {a}<|end_of_turn|>GPT4 Correct User: Who?<|end_of_turn|>"
        "GPT4 Correct Assistant:",
    ],
)
def test_a_dialogue(prompt):
    found = conversation(prompt.format(s=SYSTEM, u=USER, a=ASSISTANT))
    assert [(message["role"], message["content"]) for message in found] == SAID


def test_the_beginning_of_the_answer():
    found = conversation("<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello, my")
    assert found[-1] == {"role": "assistant", "content": "Hello, my"}


@pytest.mark.parametrize("text", ["Once upon a time", "a: b\nc [x]", "Assistant: hm"])
def test_a_plain_text_is_the_users(text):
    assert conversation(text) == [{"role": "user", "content": text}]
