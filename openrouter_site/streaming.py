"""Answers that are made piece by piece, by blocking code, for an asynchronous server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from openrouter_site.database import orm_connection

Piece = TypeVar("Piece", str, bytes)


async def streamed(made: Iterator[Piece]) -> AsyncIterator[Piece]:
    """Each piece is made in a thread, when the one before it is on its way."""
    while (piece := await asyncio.to_thread(_next, made)) is not None:
        yield piece


def _next(made: Iterator[Piece]) -> Piece | None:
    with orm_connection():
        return next(made, None)
