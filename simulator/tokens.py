"""Real token counts: GPT-4's cl100k_base vocabulary through tiktoken.

The vocabulary file is the one the product keeps (a data file; no code of it is imported). The
split pattern is cl100k_base's own, from openai/tiktoken `tiktoken_ext/openai_public.py`; the
prompt formula is the one of OpenAI's cookbook, "How to count tokens with tiktoken".
"""

from __future__ import annotations

import base64
import codecs
import gzip
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import tiktoken

VOCABULARY = Path(__file__).resolve().parents[1] / "routing/data/cl100k_base.tiktoken.gz"
PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)

TOKENS_PER_MESSAGE = 3
TOKENS_PER_NAME = 1
TOKENS_OF_REPLY = 3
IMAGE_TOKENS = 765
"""What GPT-4 Turbo counts for one 1024x1024 image in high detail; here it stands for any image."""
CACHED_TEXT_CHARS_MAX = 4_096

Piece = tuple[str, int]
"""Valid text and the number of tokens it took: one, or more where one token is half a letter."""


@lru_cache(maxsize=1)
def encoding() -> tiktoken.Encoding:
    lines = gzip.decompress(VOCABULARY.read_bytes()).splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    return tiktoken.Encoding(
        name="cl100k_base", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={}
    )


def count(text: str) -> int:
    # Long texts are not cached: 4,096 of them would be the size of the machine.
    return _count(text) if len(text) <= CACHED_TEXT_CHARS_MAX else _count.__wrapped__(text)


@lru_cache(maxsize=4_096)
def _count(text: str) -> int:
    return len(encoding().encode_ordinary(text))


def pieces(text: str, tokens_max: int | None = None) -> tuple[Piece, ...]:
    """Cut text at token borders, and after `tokens_max` tokens.

    Tokens are bytes: a token may end inside a letter. Such tokens are joined with the next ones
    until the text is valid; what the limit leaves unfinished is counted and not shown.
    """
    small = len(text) <= CACHED_TEXT_CHARS_MAX
    return (_pieces if small else _pieces.__wrapped__)(text, tokens_max)


@lru_cache(maxsize=1_024)
def _pieces(text: str, tokens_max: int | None) -> tuple[Piece, ...]:
    vocabulary = encoding()
    decoder = codecs.getincrementaldecoder("utf-8")()
    result: list[Piece] = []
    joined = 0
    for token in vocabulary.encode_ordinary(text)[:tokens_max]:
        joined += 1
        valid = decoder.decode(vocabulary.decode_single_token_bytes(token))
        if valid:
            result.append((valid, joined))
            joined = 0
    if joined:
        last_text, last_tokens = result.pop() if result else ("", 0)
        result.append((last_text, last_tokens + joined))
    return tuple(result)


def of_messages(messages: Sequence[Mapping[str, Any]], tools: Any = None) -> int:
    total = TOKENS_OF_REPLY + sum(_of_message(message) for message in messages)
    return total + (count(orjson.dumps(tools).decode()) if tools else 0)


def _of_message(message: Mapping[str, Any]) -> int:
    total = TOKENS_PER_MESSAGE + count(str(message.get("role", "")))
    content = message.get("content")
    if isinstance(content, str):
        total += count(content)
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) else None
        total += count(text) if isinstance(text, str) else IMAGE_TOKENS
    if isinstance(message.get("name"), str):
        total += TOKENS_PER_NAME + count(message["name"])
    if message.get("tool_calls"):
        total += count(orjson.dumps(message["tool_calls"]).decode())
    return total
