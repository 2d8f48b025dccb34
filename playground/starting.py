"""The beginning of a run: whose it is, who pays, what it asks; then its exchange.

What is refused for its place or its time (no such chat, too many at once) has not begun. An answer
that is refused for what it asks (no credits, no such model) is a failed run, kept like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from accounts.keys import Key
from accounts.models import User
from billing import limits
from openrouter_site.errors import (
    ApiError,
    InternalError,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from playground import attachments, ending, paying, saving
from playground.commands import Start
from playground.pace import Pace
from playground.runs import LIVE_PER_USER_MAX, Run, Runs
from playground.saver import Saver, in_thread
from routing import entrance, media, media_request, request
from routing.complete import App, Engine, complete
from routing.exchange import Exchange

logger = logging.getLogger(__name__)

STARTS_PER_MINUTE_MAX = 240

_Work = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Stage:
    """What starting a run needs of its process."""

    engine: Engine
    runs: Runs
    saver: Saver
    pace: Pace


def app() -> App:
    """As the Playground's generations call it."""
    return App(referer=settings.SITE_URL, title=f"{settings.SITE_NAME} Playground")


async def start(stage: Stage, user: User, wanted: Start) -> Run:
    """The run, begun or, where it is already there, as it is. Raises ApiError for what has not
    begun, and saving.StartedAlready for a run that is in the rows only."""
    if (there := stage.runs.get(wanted.run, user.pk)) is not None:
        return there
    _refuse(stage, user, wanted)
    run = Run(wanted, user.pk, stage.runs)
    # From here on the same id is the same run, whoever sends it again meanwhile.
    stage.runs.add(run)
    try:
        key, body = await _begun(stage, user, run)
    except BaseException as error:
        stage.runs.remove(run)
        if isinstance(error, DatabaseError):
            raise Unavailable(paying.NOT_NOW, retry_after_s=2) from None
        raise
    run.accepted()
    work = None if key is None else await _work(stage.engine, run, key, body)
    if work is None:
        await ending.close(run, stage.saver)
    else:
        assert run.exchange is not None
        task = _to_its_end(run, run.exchange, stage.saver, work)
        stage.engine.register.start(run.exchange, task)
    return run


def _refuse(stage: Stage, user: User, wanted: Start) -> None:
    """Raises ApiError for what cannot begin now, whatever it asks."""
    if stage.runs.is_known(wanted.run):
        raise NotFound("This run is another's.")
    if len(stage.runs.live(user.pk)) >= LIVE_PER_USER_MAX:
        raise TooManyRequests(f"{LIVE_PER_USER_MAX} answers are under way. Wait for one of them.")
    if not stage.pace.allows(user.pk):
        raise TooManyRequests("Too many answers were asked for within a minute. Wait a moment.")
    stage.engine.register.refuse_while_draining()


async def _begun(stage: Stage, user: User, run: Run) -> tuple[Key | None, bytes]:
    """The key that pays, and the body to send; the rows are there. Without a key: `run.failed_by`
    says why it is refused. Raises ApiError, StartedAlready, DatabaseError."""
    wanted = run.start
    await in_thread(lambda: saving.check_place(wanted, user.pk))
    key, body = None, b""
    try:
        found = await paying.key_of(user, wanted.account)
        body = await paying.body_of(user, wanted.body)
        key = found
    except (NotFound, Unavailable):
        raise
    except ApiError as error:
        run.failed_by = error
    if wanted.chat is not None:
        instance_id = stage.engine.cashier.instance_id
        files = attachments.named(wanted.body) if key is not None else []
        await in_thread(lambda: saving.begin(wanted, run.generation_id, instance_id, files))
        run.is_begun = True
    return key, body


async def _work(engine: Engine, run: Run, key: Key, body: bytes) -> Callable[[], _Work] | None:
    """What the exchange's task shall do; None where it is refused, as `run.failed_by` says."""
    begin = _objects if run.start.kind == "objects" else _chat
    try:
        return await begin(engine, run, key, body)
    except ApiError as error:
        run.failed_by = error
    except Exception:
        logger.exception("request %s failed", run.generation_id)
        run.failed_by = InternalError(run.generation_id)
    return None


async def _chat(engine: Engine, run: Run, key: Key, body: bytes) -> Callable[[], _Work]:
    checked = request.parse(body, completion=False)
    admission = await entrance.admitted(engine, key, checked)
    exchange = _exchange(engine, run, stream=True)
    story = complete(engine, exchange, admission.request, key, app())
    return lambda: entrance.told(exchange, story, run, admission.ticket)


async def _objects(engine: Engine, run: Run, key: Key, body: bytes) -> Callable[[], _Work]:
    checked = media_request.parse(body)
    engine.register.refuse_while_draining()
    ticket = await limits.admit(key, (checked.model,))
    exchange = _exchange(engine, run, stream=False)
    return lambda: _made(run, media.generate(engine, exchange, checked, key, app()), ticket)


def _exchange(engine: Engine, run: Run, *, stream: bool) -> Exchange:
    exchange = Exchange(engine.register, run.generation_id, stream=stream)
    exchange.tried = run.tried
    run.exchange = exchange
    return exchange


async def _made(run: Run, story: Coroutine[Any, Any, media.Outputs], ticket: limits.Ticket) -> None:
    """What the exchange's task does for objects. Who stops it pays all the same, and gets them."""
    served: str | None = None
    try:
        outputs = await story
        served = run.exchange.model_id if run.exchange else ""
        run.finish_reason = "stop"
        await ending.keep_objects(run, outputs)
    except ApiError as error:
        await run.error(error)
    except Exception:
        logger.exception("request %s failed", run.generation_id)
        await run.error(InternalError(run.generation_id))
    finally:
        await ticket.ended(served)


async def _to_its_end(
    run: Run, exchange: Exchange, saver: Saver, work: Callable[[], _Work]
) -> None:
    if run.is_stopped:
        # Before it was sent.
        exchange.abandon()
    await work()
    await ending.close(run, saver)
