"""What other processes say, and what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.hub import Message

if TYPE_CHECKING:
    from playground.service import Playground


def handle(playground: Playground, message: Message) -> None:
    """A message of another process, by its type."""
    kind, sender = message["type"], message["from"]
    if kind == "entries":
        playground.mirrors.take(message)
    elif kind == "watch":
        run = playground.runs.get(message["run"], message["user"])
        if run is not None:
            playground.forwards.watch(sender, run, message["after"])
    elif kind == "unwatch":
        playground.forwards.unwatch(sender, message["run"])
    elif kind == "stop":
        playground.stop_runs(message["user"], message["runs"])
    elif kind == "user":
        playground.tell_here(message["user"], message["event"])
    elif kind == "object":
        playground.objects.asked(message)
    elif kind == "object.answer":
        playground.objects.answered(message)
    elif kind == "command":
        playground.obey(message["connection"], message["user"], message["frame"])
