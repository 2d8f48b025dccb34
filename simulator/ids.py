"""Ids in each provider's style, from a template: chatcmpl-{alnum29}, {hex32}, {uuid}, {model}."""

from __future__ import annotations

import random
import re
import string
import uuid

_TEMPLATE = re.compile(r"\{(hex|alnum|lower)(\d+)\}")
_LETTERS = {
    "hex": "0123456789abcdef",
    "alnum": string.ascii_letters + string.digits,
    "lower": string.ascii_lowercase + string.digits,
}


def new_id(template: str, model: str = "") -> str:
    def letters(match: re.Match[str]) -> str:
        return "".join(random.choices(_LETTERS[match[1]], k=int(match[2])))

    filled = _TEMPLATE.sub(letters, template)
    return filled.replace("{uuid}", str(uuid.uuid4())).replace("{model}", model)
