"""Settlements that the database could not take: one JSON line each, fsynced, replayed later.

A settlement counts as done once it is committed or in here (design/streaming.md: "T3 fails").
Each process appends to a file of its own; a file is claimed for replay by renaming it, so nothing
is read twice at the same time, and replay is safe to repeat because Settle is.
"""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from billing.book import GenerationRow
from billing.ledger import Settle


class Journal:
    """The journal of the process `instance_id` in `folder`."""

    def __init__(self, folder: Path, instance_id: str) -> None:
        self._folder = folder
        self._path = folder / f"{instance_id}.jsonl"
        self._claim = f".claimed-{instance_id}"

    def append(self, settlement: Settle) -> None:
        """On disk when this returns; raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        line = orjson.dumps(asdict(settlement)) + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def claim(self) -> list[Path]:
        """Every file there is, claimed for this process. Call `finish` for each after replay."""
        claimed = []
        for path in sorted(self._folder.glob("*.jsonl*")):
            target = path.with_name(path.name.partition(".claimed-")[0] + self._claim)
            if target.exists() and path != target:
                continue  # an earlier claim of ours is not replayed yet; this one waits its turn
            try:
                path.rename(target)
            except FileNotFoundError:
                continue  # another process was faster
            claimed.append(target)
        return claimed

    @staticmethod
    def read(path: Path) -> list[Settle]:
        """The settlements of a claimed file. A torn last line was never acknowledged."""
        settlements = []
        for line in path.read_bytes().splitlines():
            try:
                settlements.append(_settlement(orjson.loads(line)))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                continue
        return settlements

    @staticmethod
    def finish(path: Path) -> None:
        path.unlink(missing_ok=True)


_GENERATION_FIELDS = {field.name for field in fields(GenerationRow)}


def _settlement(record: dict[str, Any]) -> Settle:
    generation = {k: v for k, v in record["generation"].items() if k in _GENERATION_FIELDS}
    generation["created_at"] = datetime.fromisoformat(generation["created_at"])
    return Settle(
        account_id=record["account_id"],
        key_id=record["key_id"],
        hold_id=record["hold_id"],
        cost_nano=record["cost_nano"],
        overrun=record["overrun"],
        generation=GenerationRow(**generation),
    )
