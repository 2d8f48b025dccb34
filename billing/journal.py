"""Settlements that the database could not take: one JSON line each, fsynced, replayed later.

A settlement counts as done once it is committed or in here (design/streaming.md: "T3 fails").
Each process appends to a file of its own; a file is claimed for replay by renaming it, so nothing
is read twice at the same time, and replay is safe to repeat because Settle is.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from billing.book import GenerationRow
from billing.capture import Settle

logger = logging.getLogger(__name__)


class Journal:
    """The journal of the process `instance_id` in `folder`."""

    def __init__(self, folder: Path, instance_id: str) -> None:
        self._folder = folder
        self._path = folder / f"{instance_id}.jsonl"
        self._claim = f".claimed-{instance_id}"

    def append(self, settlement: Settle) -> None:
        """On disk when this returns; raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # A line of its own even after one that was torn.
        line = b"\n" + orjson.dumps(asdict(settlement)) + b"\n"
        descriptor = self._locked()
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, "the journal's disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _locked(self) -> int:
        """Our file, locked against whoever would claim it: what is claimed gets no more lines."""
        while True:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            if _is_still(self._path, descriptor):
                return descriptor
            os.close(descriptor)

    def claim(self) -> list[Path]:
        """Every file there is, claimed for this process. Call `finish` for each after replay."""
        claimed = []
        for path in sorted(self._folder.glob("*.jsonl*")):
            target = path.with_name(path.name.partition(".claimed-")[0] + self._claim)
            if target.exists() and path != target:
                continue  # an earlier claim of ours is not replayed yet; this one waits its turn
            try:
                with path.open("rb") as file:
                    if _is_still(path, file.fileno()):
                        path.rename(target)
                        claimed.append(target)
            except FileNotFoundError:
                continue  # another process was faster
        return claimed

    @staticmethod
    def read(path: Path) -> list[Settle]:
        """The settlements of a claimed file. A torn line was never acknowledged."""
        settlements = []
        for line in path.read_bytes().split(b"\n"):
            try:
                if line:
                    settlements.append(_settlement(orjson.loads(line)))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                logger.warning("a torn line in %s was left out", path.name)
        return settlements

    @staticmethod
    def finish(path: Path, *, keep: bool = False) -> None:
        """Done with it; `keep` it for the operator, under a name that is not claimed again."""
        if keep:
            name = path.name.partition(".jsonl")[0]
            path.rename(path.with_name(f"{name}.{time.time_ns()}.refused"))
        else:
            path.unlink(missing_ok=True)


def _is_still(path: Path, descriptor: int) -> bool:
    """Lock the open file; whether it still has this name."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _settlement(record: dict[str, Any]) -> Settle:
    return Settle(
        account_id=record["account_id"],
        key_id=record["key_id"],
        hold_id=record["hold_id"],
        cost_nano=record["cost_nano"],
        overrun=record["overrun"],
        generation=GenerationRow.from_json(record["generation"]),
    )
