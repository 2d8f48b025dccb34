"""Tokens counted offline with the GPT-4 vocabulary (cl100k_base), which is vendored.

The count is the normalised one of the seed ("a normalized, model-agnostic count"), the usage where
a provider reports none, and, with a margin, the basis of what is set aside before a request.
"""

from __future__ import annotations

import base64
import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import tiktoken

from routing.request import ChatRequest

_VOCABULARY = Path(__file__).parent / "data" / "cl100k_base.tiktoken.gz"
_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)

# OpenAI's chat format: each message is wrapped in three tokens, each answer primed with three.
PER_MESSAGE = 3
PER_ANSWER = 3
# A picture in high detail at a common size, as OpenAI counts it; only where nobody reports usage.
PER_IMAGE = 765

# Other vocabularies split the same text differently; seldom by more than a quarter (money.md).
_MARGIN_NUMERATOR, _MARGIN_DENOMINATOR = 5, 4
_MARGIN_PER_MESSAGE = 16
# How to call tools, in words, for a model that knows none (routing.reading.tools).
_MARGIN_TOOLS = 300


@lru_cache(maxsize=1)
def _encoding() -> Any:
    ranks = {}
    for line in gzip.decompress(_VOCABULARY.read_bytes()).splitlines():
        token, _, rank = line.partition(b" ")
        ranks[base64.b64decode(token)] = int(rank)
    return tiktoken.Encoding(
        "cl100k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )


def load() -> None:
    """Read the vocabulary now (a quarter of a second) instead of in the first request."""
    _encoding()


def count(text: str) -> int:
    """Number of GPT-4 tokens; special tokens count as the text they look like."""
    return len(_encoding().encode_ordinary(text)) if text else 0


# A slice of a text to take tokens from: no ordinary token has more characters.
_SLICE_CHARACTERS_PER_TOKEN = 24


def first(text: str, most: int) -> str:
    """The beginning of a text, at most so many tokens; whole characters only."""
    found = _encoding().encode_ordinary(text[: most * _SLICE_CHARACTERS_PER_TOKEN])[:most]
    return bytes(_encoding().decode_bytes(found)).decode(errors="ignore")


def last(text: str, most: int) -> str:
    """The end of a text, at most so many tokens; whole characters only."""
    found = _encoding().encode_ordinary(text[-most * _SLICE_CHARACTERS_PER_TOKEN :])[-most:]
    return bytes(_encoding().decode_bytes(found)).decode(errors="ignore")


# Native tokens for each GPT-4 token of English prose and code: means, good to a few percent. They
# follow from the size of the vocabularies: 32,000 words (Llama 2, Mistral, Yi's 64,000) cut the
# same text into about a fifth more pieces than GPT-4's 100,000; Llama 3 (128,000), Qwen (152,000),
# Gemini and PaLM (256,000) and Cohere (256,000) into about as many. Anthropic says of Claude
# only that a token is about 3.5 characters, where GPT-4's is about 4.
_FAMILY_FACTORS = {
    "GPT": 1.0,
    "Claude": 1.15,
    "Llama2": 1.2,
    "Mistral": 1.2,
    "Yi": 1.1,
    "RWKV": 1.1,
}


def family_factor(tokenizer: str) -> float:
    """Native tokens for each GPT-4 token, by `Model.tokenizer`; 1.05 of one we do not know."""
    return _FAMILY_FACTORS.get(tokenizer, 1.05)


def _texts(request: ChatRequest) -> list[str]:
    if request.messages is None:
        return [request.prompt or ""]
    texts = []
    for message in request.messages:
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
        elif content:
            texts.extend(part["text"] for part in content if part["type"] == "text")
        calls = list(message.get("tool_calls") or ())
        if "function_call" in message:
            calls.append({"function": message["function_call"]})
        for call in calls:
            texts += (call.get("id", ""), call["function"]["name"], call["function"]["arguments"])
        texts += (message.get(key) or "" for key in ("name", "refusal", "tool_call_id"))
        if "reasoning_details" in message:
            texts.append(orjson.dumps(message["reasoning_details"]).decode())
    return texts


def count_request(request: ChatRequest) -> int:
    """Tokens of the whole prompt: texts, their wrapping, tools and pictures."""
    total = count("\n".join(text for text in _texts(request) if text))
    for definitions in ("tools", "response_format"):
        if definitions in request.parameters:
            total += count(orjson.dumps(request.parameters[definitions]).decode())
    if request.messages is not None:
        total += PER_MESSAGE * len(request.messages) + PER_ANSWER
    return total + PER_IMAGE * request.image_count


def ceiling(request: ChatRequest, counted: int) -> int:
    """More prompt tokens than any provider will find: what a hold must cover."""
    margin = -(-counted * _MARGIN_NUMERATOR // _MARGIN_DENOMINATOR)
    margin += _MARGIN_TOOLS * request.has_tools
    return margin + _MARGIN_PER_MESSAGE * max(1, request.message_count)
