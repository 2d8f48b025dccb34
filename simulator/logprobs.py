"""Plausible log probabilities: the shape is real, the numbers are made from the text."""

from __future__ import annotations

import zlib
from typing import Any

from simulator.tokens import Piece

Json = dict[str, Any]


def of_pieces(pieces: tuple[Piece, ...], top: int, by_content: bool) -> Json:
    """OpenAI's chat shape, or the older one with parallel lists (Together, text completions)."""
    if by_content:
        return {"content": [_entry(text, top) for text, _ in pieces]}
    return {
        "tokens": [text for text, _ in pieces],
        "token_logprobs": [of_token(text) for text, _ in pieces],
        "top_logprobs": [_likeliest(text, top) for text, _ in pieces] if top else None,
    }


def _entry(text: str, top: int) -> Json:
    own = _alternative(text, of_token(text))
    others = [_alternative(text + "s" * step, own["logprob"] - step) for step in range(1, top)]
    return {**own, "top_logprobs": [own, *others] if top else []}


def _likeliest(text: str, top: int) -> dict[str, float]:
    return {each["token"]: each["logprob"] for each in _entry(text, top)["top_logprobs"]}


def _alternative(text: str, logprob: float) -> Json:
    return {"token": text, "logprob": round(logprob, 6), "bytes": list(text.encode())}


def of_token(text: str) -> float:
    # The same token is always equally likely, so that an answer is the same twice.
    return -(zlib.crc32(text.encode()) % 1_000 + 1) / 1_000
