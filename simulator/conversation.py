"""A prompt in an instruct format, read as the conversation it was: what a model trained on it sees.

Source of the marks: the model cards of the families. What has none of them is one text of the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

# Before each turn; the group says whose it is.
_OPENING = re.compile(
    r"<\|im_start\|>(system|user|assistant)\n"
    r"|<\|start_header_id\|>(system|user|assistant)<\|end_header_id\|>\n\n"
    r"|<\|(system|user|assistant)\|>\n"
    r"|<start_of_turn>(user|model)\n"
    r"|<\|START_OF_TURN_TOKEN\|><\|(SYSTEM|USER|CHATBOT)_TOKEN\|>"
    r"|GPT4 Correct (System|User|Assistant): ?"
    r"|### (System|User|Assistant|Instruction|Input|Response):\n?"
    r"|Source: (system|user|assistant)(?:\nDestination: user)?\n\n ?"
    r"|(\[/?INST\]) ?"
    r"|(?<![^\s>])(USER|ASSISTANT): ?"
    r"|(?m:^)(System|User|Assistant|Human): ?"
)
_ENDING = re.compile(
    r"<\|im_end\|>\n?|<\|eot_id\|>|</s>\n?|<s>|<\|end\|>\n?|<end_of_turn>\n?|<\|end_of_turn\|>"
    r"|<\|END_OF_TURN_TOKEN\|>| ?<step> ?|<｜end▁of▁sentence｜>"
)
_SYSTEM = re.compile(r"<<SYS>>\n(.*?)\n<</SYS>>\n\n", re.DOTALL)
_ROLES = {
    "system": "system",
    "assistant": "assistant", "model": "assistant", "chatbot": "assistant",
    "response": "assistant", "[/inst]": "assistant",
}  # fmt: skip


def conversation(prompt: str) -> Sequence[dict[str, Any]]:
    """Messages; one of the assistant at the end is the beginning of the answer."""
    whole = [{"role": "user", "content": prompt}]
    openings = list(_OPENING.finditer(prompt))
    if not openings:
        return whole
    messages = [_message("system", prompt[: openings[0].start()])]
    places = [opening.start() for opening in openings[1:]] + [len(prompt)]
    for opening, end in zip(openings, places, strict=True):
        name = next(group for group in opening.groups() if group).lower()
        text = prompt[opening.end() : end]
        if system := _SYSTEM.search(text):
            messages.append(_message("system", system[1]))
            text = _SYSTEM.sub("", text)
        messages.append(_message(_ROLES.get(name, "user"), text))
    said = [message for message in messages if message["content"]]
    return said if any(message["role"] == "user" for message in said) else whole


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": _ENDING.sub("", text).strip()}
