"""The rows of a run: its questions and its answer, from the first moment to the last.

All of it is blocking (the ORM); `playground.saver` calls it in threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from openrouter_site.errors import Conflict, NotFound
from playground.commands import Start
from playground.models import Attachment, Chat, Message
from playground.sealing import sealed

_State = Message.State
# One that was taken for dead may come back and end its runs all the same.
_UNFINISHED = (_State.RUNNING, _State.LOST)


_KEEP = """
    UPDATE playground_message SET encrypted = %s, sequence = %s WHERE id = %s AND state = %s
"""


class StartedAlready(Exception):
    """There is a run of this id."""


@dataclass(frozen=True, slots=True)
class Part:
    """An answer as far as it came. `sequence`: of the last event that is in `message`."""

    run: str
    sequence: int
    message: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of an answer at its end, as the columns of its row."""

    part: Part
    chat: str
    state: str
    generation_id: str
    model: str
    provider_name: str
    cost_nano: int | None
    figures: dict[str, Any]
    error: dict[str, Any] | None


def check_place(start: Start, user_id: int) -> None:
    """Raises StartedAlready; NotFound where the chat or the message above is not this person's."""
    if start.chat is None:
        return
    if Message.objects.filter(pk=start.run, chat_id=start.chat, chat__user_id=user_id).exists():
        raise StartedAlready
    if not Chat.objects.filter(pk=start.chat, user_id=user_id, deleted_at=None).exists():
        raise NotFound("This chat does not exist.")
    if start.parent is not None:
        above = Message.objects.filter(pk=start.parent, chat_id=start.chat, pane=start.pane)
        if not above.exists():
            raise NotFound("The message above is not in this pane.")


def begin(start: Start, generation_id: str, instance_id: str, files: Iterable[str]) -> None:
    """The questions and the running answer, all or nothing. Raises StartedAlready, Conflict."""
    now, chat = timezone.now(), start.chat or ""
    rows, parent = [], start.parent
    for number, question in enumerate(start.questions):
        # In the order in which they were said, also where they are sorted by time.
        rows.append(
            Message(
                id=question.id, chat_id=chat, parent_id=parent, pane=start.pane,
                role=question.role, encrypted=sealed(question.message),
                created_at=now + timedelta(microseconds=number),
            )
        )  # fmt: skip
        parent = question.id
    rows.append(
        Message(
            id=start.run, chat_id=chat, parent_id=parent, pane=start.pane,
            role=Message.Role.ASSISTANT, state=_State.RUNNING, encrypted=sealed({"content": ""}),
            instance_id=instance_id, generation_id=generation_id,
            created_at=now + timedelta(microseconds=len(rows)),
        )
    )  # fmt: skip
    try:
        with transaction.atomic():
            # One after the other, because each is the parent of the next.
            for row in rows:
                row.save(force_insert=True)
            Attachment.objects.filter(pk__in=list(files), chat=None).update(chat_id=chat)
            Chat.objects.filter(pk=start.chat).update(updated_at=now)
    except IntegrityError:
        if Message.objects.filter(pk=start.run).exists():
            raise StartedAlready from None
        raise Conflict("A message of this id is there already, or the chat is gone.") from None


def keep(parts: Iterable[Part]) -> None:
    """What came so far of answers under way."""
    rows = [(sealed(part.message), part.sequence, part.run, _State.RUNNING) for part in parts]
    with transaction.atomic(), connection.cursor() as cursor:
        # Many and often: the ORM would take ten times as long.
        cursor.executemany(_KEEP, rows)


def finish(ending: Ending) -> None:
    """The last word about an answer."""
    part = ending.part
    with transaction.atomic():
        changed = Message.objects.filter(pk=part.run, state__in=_UNFINISHED).update(
            encrypted=sealed(part.message),
            sequence=part.sequence,
            state=ending.state,
            generation_id=ending.generation_id,
            model=ending.model[:128],
            provider_name=ending.provider_name[:128],
            cost_nano=ending.cost_nano,
            figures=ending.figures,
            error=ending.error,
        )
        if changed:
            Chat.objects.filter(pk=ending.chat).update(updated_at=timezone.now())
