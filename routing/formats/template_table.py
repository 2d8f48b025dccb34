"""The instruct templates as data: what stands before and after each turn. Pure.

Each as its model card (or the `chat_template` in its tokenizer's configuration) publishes it:
alpaca: MythoMax; alpaca-modif: Noromaid; vicuna: FastChat v1.1; chatml: OpenAI, Open-Orca; llama2
and llama3: Meta; code-llama: CodeLlama 70B; mistral: Mistral 7B Instruct; zephyr: Zephyr beta;
openchat: OpenChat 3.5; gemma: Gemma it; phi3: Phi-3 instruct; neural: Neural Chat v3; airoboros:
L2 2.2; deepseek: DeepSeek LLM chat; command-r: Cohere; rwkv: RWKV-5 World; claude: Anthropic's
text completions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Around = tuple[str, str]
"""What stands before a text, and after it."""

# What the tokenizers of open models read as one special token, wherever it stands in a prompt.
_SPECIAL = (
    r"<\|\w{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|<(?:bos|eos|pad|unk|(?:start|end)_of_turn)>"
    r"|<(?:BOS|EOS|PAD)_TOKEN>|\[/?INST\]|<</?SYS>>"
)


@dataclass(frozen=True, slots=True)
class Template:
    """`answer` begins an answer, where that is not what stands before an assistant's turn.

    system_place  "turn": a turn as any other. "start": before all turns. "user": in the first turn
                  of the user.
    alternates    two turns of one speaker become one (never where system is a turn)
    is_nested     an assistant's turn cannot stand without a user's before it
    strips        texts lose the space around them
    blank_lines_end_turns  so a text must have none
    """

    user: Around
    assistant: Around
    system: Around = ("", "\n\n")
    system_place: Literal["turn", "start", "user"] = "start"
    answer: str = ""
    stop: tuple[str, ...] = ()
    marks: re.Pattern[str] | None = None
    alternates: bool = True
    is_nested: bool = False
    strips: bool = True
    blank_lines_end_turns: bool = False
    is_plain: bool = False


def _marks(*texts: str) -> re.Pattern[str]:
    return re.compile("|".join([*map(re.escape, texts), _SPECIAL]))


def _speakers(*names: str, special: bool = True) -> re.Pattern[str]:
    """Names of speakers are marks where they begin a line, also the first one of a text: it may
    come to stand below another text."""
    speakers = rf"(?m:^)[^\S\n]*(?:{'|'.join(names)}):"
    return re.compile(f"{speakers}|{_SPECIAL}" if special else speakers)


_ONLY_SPECIAL = _marks()

TABLE: Mapping[str, Template] = {
    "none": Template(
        system=("", "\n\n"),
        user=("", "\n\n"),
        assistant=("", "\n\n"),
        system_place="turn",
        alternates=False,
        strips=False,
        is_plain=True,
    ),
    "alpaca": Template(
        user=("### Instruction:\n", "\n\n"),
        assistant=("### Response:\n", "\n\n"),
        stop=("### Instruction:", "### Response:"),
        marks=_marks("### Instruction:", "### Response:"),
    ),
    "alpaca-modif": Template(
        system=("### Instruction:\n", "\n\n"),
        user=("### Input:\n", "\n\n"),
        assistant=("### Response:\n", "\n\n"),
        stop=("### Input:", "### Instruction:"),
        marks=_marks("### Instruction:", "### Input:", "### Response:"),
    ),
    "vicuna": Template(
        system=("", " "),
        user=("USER: ", " "),
        assistant=("ASSISTANT: ", "</s>"),
        stop=("USER:", "</s>"),
        marks=_marks("USER:", "ASSISTANT:"),
    ),
    "airoboros": Template(
        system=("", "\n"),
        user=("USER: ", "\n"),
        assistant=("ASSISTANT: ", "\n"),
        stop=("USER:", "</s>"),
        marks=_marks("USER:", "ASSISTANT:"),
    ),
    "chatml": Template(
        system=("<|im_start|>system\n", "<|im_end|>\n"),
        user=("<|im_start|>user\n", "<|im_end|>\n"),
        assistant=("<|im_start|>assistant\n", "<|im_end|>\n"),
        system_place="turn",
        stop=("<|im_end|>", "<|im_start|>"),
        marks=_ONLY_SPECIAL,
        alternates=False,
        strips=False,
    ),
    "llama2": Template(
        system=("<<SYS>>\n", "\n<</SYS>>\n\n"),
        user=("[INST] ", " [/INST]"),
        assistant=(" ", " </s><s>"),
        system_place="user",
        stop=("[INST]", "</s>"),
        marks=_ONLY_SPECIAL,
        is_nested=True,
    ),
    "code-llama": Template(
        system=("Source: system\n\n ", " <step> "),
        user=("Source: user\n\n ", " <step> "),
        assistant=("Source: assistant\n\n ", " <step> "),
        answer="Source: assistant\nDestination: user\n\n ",
        stop=("<step>", "Source: user"),
        marks=_marks("<step>", "Source: system", "Source: user", "Source: assistant"),
    ),
    "llama3": Template(
        system=("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
        user=("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
        assistant=("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
        system_place="turn",
        stop=("<|eot_id|>", "<|start_header_id|>", "<|end_of_text|>"),
        marks=_ONLY_SPECIAL,
        alternates=False,
    ),
    "mistral": Template(
        user=("[INST] ", " [/INST]"),
        assistant=(" ", "</s>"),
        system_place="user",
        stop=("[INST]", "</s>"),
        marks=_ONLY_SPECIAL,
        is_nested=True,
    ),
    "zephyr": Template(
        system=("<|system|>\n", "</s>\n"),
        user=("<|user|>\n", "</s>\n"),
        assistant=("<|assistant|>\n", "</s>\n"),
        system_place="turn",
        stop=("</s>", "<|user|>", "<|system|>"),
        marks=_ONLY_SPECIAL,
        alternates=False,
        strips=False,
    ),
    "openchat": Template(
        system=("GPT4 Correct System: ", "<|end_of_turn|>"),
        user=("GPT4 Correct User: ", "<|end_of_turn|>"),
        assistant=("GPT4 Correct Assistant: ", "<|end_of_turn|>"),
        system_place="turn",
        stop=("<|end_of_turn|>", "GPT4 Correct User:"),
        marks=_marks("GPT4 Correct System:", "GPT4 Correct User:", "GPT4 Correct Assistant:"),
        alternates=False,
        strips=False,
    ),
    "gemma": Template(
        user=("<start_of_turn>user\n", "<end_of_turn>\n"),
        assistant=("<start_of_turn>model\n", "<end_of_turn>\n"),
        system_place="user",
        stop=("<end_of_turn>", "<start_of_turn>"),
        marks=_ONLY_SPECIAL,
    ),
    "phi3": Template(
        system=("<|system|>\n", "<|end|>\n"),
        user=("<|user|>\n", "<|end|>\n"),
        assistant=("<|assistant|>\n", "<|end|>\n"),
        system_place="turn",
        stop=("<|end|>", "<|user|>", "<|endoftext|>"),
        marks=_ONLY_SPECIAL,
        alternates=False,
        strips=False,
    ),
    "neural": Template(
        system=("### System:\n", "\n"),
        user=("### User:\n", "\n"),
        assistant=("### Assistant:\n", "\n"),
        system_place="turn",
        stop=("### User:", "### System:", "</s>"),
        marks=_marks("### System:", "### User:", "### Assistant:"),
        alternates=False,
    ),
    "deepseek": Template(
        user=("User: ", "\n\n"),
        assistant=("Assistant: ", "<｜end▁of▁sentence｜>"),
        stop=("\n\nUser:", "<｜end▁of▁sentence｜>"),
        marks=_speakers("User", "Assistant"),
    ),
    "command-r": Template(
        system=("<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
        user=("<|START_OF_TURN_TOKEN|><|USER_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
        assistant=("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
        system_place="turn",
        stop=("<|END_OF_TURN_TOKEN|>", "<|START_OF_TURN_TOKEN|>"),
        marks=_ONLY_SPECIAL,
        alternates=False,
        strips=False,
    ),
    "rwkv": Template(
        system=("System: ", "\n\n"),
        user=("User: ", "\n\n"),
        assistant=("Assistant: ", "\n\n"),
        system_place="turn",
        stop=("\n\nUser:", "\n\nSystem:"),
        marks=_speakers("User", "Assistant", "System", special=False),
        alternates=False,
        blank_lines_end_turns=True,
    ),
    "claude": Template(
        system=("", ""),
        user=("\n\nHuman: ", ""),
        assistant=("\n\nAssistant: ", ""),
        stop=("\n\nHuman:",),
        marks=_speakers("Human", "Assistant", special=False),
    ),
}
