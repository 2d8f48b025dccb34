"""Tells a person's open pages, from wherever in this process, that a chat is another one now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from playground.buffer import Event

_Tell = Callable[[int, Event], None]

_loop: asyncio.AbstractEventLoop | None = None
_tell: _Tell | None = None


def go_to(tell: _Tell) -> None:
    """From now on by this, in the event loop that runs now."""
    global _loop, _tell
    _loop, _tell = asyncio.get_running_loop(), tell


def chat_changed(user_id: int, chat_id: str) -> None:
    """It is new, has another name, is gone or back. From any thread; where no pages are open in
    this process (commands, tasks) nothing happens."""
    if _loop is not None and _tell is not None and not _loop.is_closed():
        event = {"type": "chat.changed", "chat": chat_id}
        _loop.call_soon_threadsafe(_tell, user_id, event)
