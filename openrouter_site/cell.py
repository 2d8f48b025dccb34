"""Cell: a value in memory that reloads itself. The catalog and the keys are cells.

Loading is blocking code (the ORM); the event loop runs it in a thread. One load at a time for one
cell, whoever asks (single flight). A stale value is served while its successor is loaded, and, when
loading fails, for `stale_if_error_s` more (an outage of the database is not an outage of ours).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Value = TypeVar("Value")

# Loads are few and short; a pool of our own keeps them from waiting behind Django's views.
_loaders = ThreadPoolExecutor(max_workers=4, thread_name_prefix="cell")


class Cell(Generic[Value]):
    """One value. `load` is called in a thread and may raise; see `get` for what that means.

    Fresh for `ttl_s`; for `stale_s` after that it is still served while its successor loads; when
    loading fails it is served for `stale_if_error_s` after its freshness ended.
    """

    __slots__ = (
        "_expires_s", "_in_flight", "_load", "_lock", "_value",
        "stale_if_error_s", "stale_s", "ttl_s",
    )  # fmt: skip

    def __init__(
        self,
        load: Callable[[], Value],
        *,
        ttl_s: float,
        stale_s: float = 0.0,
        stale_if_error_s: float = 60.0,
    ) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._value: Value | None = None
        self._expires_s = 0.0
        self._in_flight: asyncio.Future[Value] | None = None
        self.ttl_s = ttl_s
        self.stale_s = stale_s
        self.stale_if_error_s = stale_if_error_s

    def peek(self) -> Value | None:
        """The value at hand, fresh or not; None before the first load."""
        return self._value

    def fresh(self) -> Value | None:
        """The value at hand if it needs no reload: the whole cost of the hot path."""
        return self._value if time.monotonic() < self._expires_s else None

    def refresh(self) -> Value:
        """Load now, in this thread (pages, commands, and the loader threads)."""
        with self._lock:
            return self._loaded()

    def _loaded(self) -> Value:
        value = self._load()
        self._value = value
        self._expires_s = time.monotonic() + self.ttl_s
        return value

    def get_blocking(self) -> Value:
        """For synchronous code: the fresh value, else a new one, else a stale one on failure."""
        value = self.fresh()
        if value is not None:
            return value
        try:
            with self._lock:
                # Whoever waited here finds what the one before it loaded.
                value = self.fresh()
                return self._loaded() if value is None else value
        except Exception:
            if self._may_serve_after_error():
                return self._value  # type: ignore[return-value]
            raise

    async def get(self) -> Value:
        """The fresh value; else a stale one while it reloads behind; else wait for the load.

        Raises what `load` raised when there is no value young enough to serve instead.
        """
        value = self.fresh()
        if value is not None:
            return value
        flight = self._in_flight
        if flight is None:
            loop = asyncio.get_running_loop()
            flight = self._in_flight = asyncio.ensure_future(
                loop.run_in_executor(_loaders, self.refresh)
            )
            flight.add_done_callback(self._landed)
        if self._value is not None and time.monotonic() < self._expires_s + self.stale_s:
            return self._value
        try:
            return await asyncio.shield(flight)
        except Exception:
            if self._may_serve_after_error():
                return self._value  # type: ignore[return-value]
            raise

    def _may_serve_after_error(self) -> bool:
        return (
            self._value is not None and time.monotonic() < self._expires_s + self.stale_if_error_s
        )

    def _landed(self, flight: asyncio.Future[Value]) -> None:
        self._in_flight = None
        if not flight.cancelled():
            flight.exception()  # retrieved: whoever waited has it, a background reload may fail


class CellMap(Generic[Value]):
    """Cells by name, at most `size` of them, the oldest leaves first."""

    def __init__(
        self,
        load: Callable[[str], Value],
        *,
        ttl_s: float,
        size: int,
        stale_s: float = 0.0,
        stale_if_error_s: float = 60.0,
    ) -> None:
        self._load = load
        self._ttl_s = ttl_s
        self._size = size
        self._stale_s = stale_s
        self._stale_if_error_s = stale_if_error_s
        self._cells: OrderedDict[str, Cell[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def cell(self, name: str) -> Cell[Value]:
        cell = self._cells.get(name)
        if cell is None:
            with self._lock:
                cell = self._cells.setdefault(
                    name,
                    Cell(
                        lambda: self._load(name),
                        ttl_s=self._ttl_s,
                        stale_s=self._stale_s,
                        stale_if_error_s=self._stale_if_error_s,
                    ),
                )
                while len(self._cells) > self._size:
                    self._cells.popitem(last=False)
        return cell

    def fresh(self, name: str) -> Value | None:
        cell = self._cells.get(name)
        return None if cell is None else cell.fresh()

    async def get(self, name: str) -> Value:
        return await self.cell(name).get()

    def get_blocking(self, name: str) -> Value:
        return self.cell(name).get_blocking()

    def forget(self, name: str) -> None:
        self._cells.pop(name, None)

    def clear(self) -> None:
        self._cells.clear()
