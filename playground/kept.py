"""A run that is only in its row: told whole, as it was kept. Blocking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openrouter_site.money import format_amount
from playground.buffer import Event
from playground.models import Message
from playground.sealing import opened

_State = Message.State


@dataclass(frozen=True, slots=True)
class Kept:
    """`done` is None while it runs."""

    run: str
    sequence: int
    instance_id: str
    message: dict[str, Any] = field(repr=False)
    done: Event | None

    def events(self, after: int) -> list[Event]:
        """What somebody lacks who has the events up to this one: the whole answer in place of what
        he has, where there is more of it; and the end."""
        events: list[Event] = []
        # The last event of an answer that ended in order is its end, which is told by itself.
        is_whole = self.done is not None and self.done["state"] != _State.LOST
        said = self.sequence - 1 if is_whole else self.sequence
        if after < said:
            snapshot = {"type": "run.snapshot", "run": self.run, "seq": said}
            events.append(snapshot | {"message": self.message})
        if self.done is not None:
            seq = max(said, after) + 1
            events.append({"type": "run.done", "run": self.run, "seq": seq, **self.done})
        return events


def of_run(run: str, user_id: int) -> Kept | None:
    """None where there is no such run of this person."""
    row = Message.objects.filter(
        pk=run, chat__user_id=user_id, chat__deleted_at=None, role=Message.Role.ASSISTANT
    ).first()
    return None if row is None else of_row(row)


def of_row(row: Message) -> Kept:
    message = opened(row.encrypted) or {"content": ""}
    done = None if row.state == _State.RUNNING else _done(row)
    return Kept(row.pk, row.sequence, row.instance_id, message, done)


def _done(row: Message) -> Event:
    """The fields of run.done."""
    figures = row.figures
    names = ("finish", "usage", "ttft_ms", "duration_ms", "tokens_per_second", "cancelled")
    return {
        "state": row.state,
        "generation": row.generation_id or None,
        "provider": row.provider_name or None,
        "model": row.model or None,
        "cost": None if row.cost_nano is None else format_amount(row.cost_nano),
        **{name: figures.get(name) for name in names},
        "attempts": figures.get("attempts") or [],
        "error": row.error,
        **({"objects": figures["objects"]} if figures.get("objects") else {}),
    }
