"""How a run ends: what is told of it, what is kept, in this order of certainty: the money is
settled, then the row is written, then the page is told."""

from __future__ import annotations

import base64
import contextlib
import time
from typing import Any

from django.db import DatabaseError

from openrouter_site.errors import ApiError, PayloadTooLarge
from openrouter_site.money import format_amount
from playground import figures, files
from playground.models import Message
from playground.runs import Run
from playground.saver import Saver, in_thread
from playground.saving import Ending, Part
from routing.exchange import Exchange
from routing.media import Outputs

_State = Message.State
PLY = "model/ply"


async def close(run: Run, saver: Saver) -> None:
    """The exchange is over, or there was none."""
    event = _event(run)
    if run.is_begun:
        await saver.finish(_ending(run, event))
    run.closed(event)


def _event(run: Run) -> dict[str, Any]:
    """The fields of run.done."""
    exchange = run.exchange
    duration_ms = round((time.monotonic() - run.started_s) * 1000)
    usage = figures.usage(exchange.usage) if exchange else None
    log = exchange.explanation.attempts if exchange and exchange.explanation else ()
    tokens = usage["completion_tokens"] if usage else 0
    cost_nano = _cost_nano(exchange)
    state = _State.FAILED if run.failed_by else _State.DONE
    return {
        "state": str(_State.STOPPED if run.is_stopped else state),
        "finish": None if run.is_stopped or run.failed_by else run.finish_reason or None,
        "generation": exchange.id if exchange and exchange.hold is not None else None,
        "provider": (exchange.provider_name if exchange else "") or run.route[0] or None,
        "model": (exchange.model_id if exchange else "") or run.route[1] or None,
        "cost": None if cost_nano is None else format_amount(cost_nano),
        "usage": usage,
        "ttft_ms": run.ttft_ms,
        "duration_ms": duration_ms,
        "tokens_per_second": figures.tokens_per_second(tokens, run.ttft_ms, duration_ms),
        "attempts": figures.attempts(log),
        "cancelled": _is_cancelled(exchange) if run.is_stopped else None,
        "error": None if run.failed_by is None else error_of(run.failed_by),
        **({"objects": run.objects} if run.objects else {}),
    }


def _cost_nano(exchange: Exchange | None) -> int | None:
    """What was charged; None where nobody could write it down yet."""
    if exchange is None or exchange.hold is None:
        return 0
    settlement = exchange.hold.settlement
    if settlement is None or not settlement.done() or settlement.cancelled():
        return None
    return None if settlement.exception() else exchange.cost_nano


def _is_cancelled(exchange: Exchange | None) -> bool:
    """Whether the provider stopped working when we left."""
    return exchange is None or (exchange.stream and exchange.cancellable)


def error_of(error: ApiError) -> dict[str, Any]:
    """The API's error object."""
    document: dict[str, Any] = error.body()["error"]
    return document


def _ending(run: Run, event: dict[str, Any]) -> Ending:
    names = ("finish", "usage", "ttft_ms", "duration_ms", "tokens_per_second", "attempts")
    cost_nano = _cost_nano(run.exchange)
    kept = {name: event[name] for name in (*names, "cancelled")}
    if run.objects:
        kept["objects"] = run.objects
    return Ending(
        part=Part(run.id, run.buffer.last + 1, run.buffer.message()),
        chat=run.start.chat or "",
        state=event["state"],
        generation_id=event["generation"] or "",
        model=storable(event["model"] or ""),
        provider_name=storable(event["provider"] or ""),
        cost_nano=cost_nano,
        figures=storable(kept),
        error=_kept_error(event["error"]),
    )


def _kept_error(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what the person wrote: this column is not encrypted."""
    if error is None:
        return None
    kept: dict[str, Any] = storable(error)
    kept.get("metadata", {}).pop("flagged_input", None)
    return kept


def storable(value: Any) -> Any:
    """PostgreSQL keeps no NUL, wherever it came from."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value


async def keep_objects(run: Run, outputs: Outputs) -> None:
    """Files that were made: as rows, or in memory for a temporary chat. Others stay where the
    provider put them."""
    for output in outputs:
        if "uri" not in output:
            run.objects.append({"url": output["url"], "size_bytes": None})
            continue
        data = base64.b64decode(output["uri"])
        run.objects.append({"url": await _place(run, data), "size_bytes": len(data)})


async def _place(run: Run, data: bytes) -> str:
    chat = run.start.chat
    if chat is not None and run.is_begun:
        # Whoever has no room for it has paid for it all the same, and may fetch it for a while.
        with contextlib.suppress(PayloadTooLarge, DatabaseError):
            row = await in_thread(lambda: files.keep(run.user_id, data, PLY, chat))
            return f"/playground/files/{row.pk}"
    run.files.append(data)
    return f"/playground/objects/{run.id}/{len(run.files) - 1}"
