"""The simulator's own endpoints: its log, its counts, the script of faults and the gates."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import orjson

from simulator.asgi import Receive, Scope, Send, answer, answer_json, read_body
from simulator.errors import Refused, body_of
from simulator.faults import BadDirective, Faults
from simulator.gates import Gates
from simulator.log import Log


async def serve(
    log: Log, faults: Faults, gates: Gates, scope: Scope, receive: Receive, send: Send
) -> bool:
    """Answer if the path is ours. False: it is a provider's."""
    match scope["method"], scope["path"]:
        case "GET", "/healthz":
            await answer_json(send, 200, {"status": "ok"})
        case "GET", "/_stats":
            await answer_json(send, 200, log.stats())
        case "GET", "/_log":
            await _log(log, scope, send)
        case "DELETE", "/_log":
            log.clear()
            await answer(send, 204, b"")
        case "GET", "/_faults":
            await _show(faults, send)
        case "POST", "/_faults":
            await _replace(faults, receive, send)
        case "DELETE", "/_faults":
            faults.script = []
            await answer(send, 204, b"")
        case "POST", "/_gates":
            await _open(gates, receive, send)
        case _, "/healthz" | "/_stats" | "/_log" | "/_faults" | "/_gates":
            await _refuse(send, 405, "This path does not take that method.")
        case _:
            return False
    return True


async def _log(log: Log, scope: Scope, send: Send) -> None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    since = query.get("since", ["0"])[-1]
    if not since.isdecimal():
        await _refuse(send, 400, "since is the id of a record.")
        return
    user = query.get("user", [None])[-1]
    text = query.get("text", [""])[-1]
    await answer_json(send, 200, {"data": list(log.since(int(since), user, text))})


async def _replace(faults: Faults, receive: Receive, send: Send) -> None:
    try:
        rows: Any = orjson.loads(await read_body(receive))
        faults.replace(rows)
    except (orjson.JSONDecodeError, BadDirective) as error:
        await _refuse(send, 400, str(error))
    else:
        await _show(faults, send)


async def _open(gates: Gates, receive: Receive, send: Send) -> None:
    name = (await read_body(receive)).decode("utf-8", "replace")
    gates.open(name)
    await answer(send, 204, b"")


async def _show(faults: Faults, send: Send) -> None:
    await answer_json(send, 200, {"data": [fault.public() for fault in faults.script]})


async def _refuse(send: Send, status: int, message: str) -> None:
    await answer_json(send, status, body_of(None, Refused(status, message)))
