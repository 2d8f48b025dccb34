"""3D objects of temporary chats: in the memory of the process that had them made."""

from __future__ import annotations

import asyncio
import secrets

from playground.hub import Hub, Message
from playground.runs import Runs

_ANSWER_S = 3.0


class Objects:
    def __init__(self, runs: Runs, hub: Hub) -> None:
        self._runs = runs
        self._hub = hub
        self._asked: dict[str, asyncio.Future[bytes]] = {}

    async def get(self, run_id: str, user_id: int, number: int) -> bytes | None:
        """None where no process has it."""
        if (found := self._here(run_id, user_id, number)) is not None:
            return found
        if self._runs.is_known(run_id) or not self._hub.is_shared:
            return None
        ticket = secrets.token_hex(16)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[ticket] = answer
        asked = {"type": "object", "run": run_id, "user": user_id, "number": number}
        self._hub.post_all({**asked, "ticket": ticket})
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._asked[ticket]

    def asked(self, message: Message) -> None:
        """By another process; who has it not says nothing."""
        found = self._here(message["run"], message["user"], message["number"])
        if found is not None:
            answer = {"type": "object.answer", "ticket": message["ticket"], "data": found}
            self._hub.post(message["from"], answer)

    def answered(self, message: Message) -> None:
        answer = self._asked.get(message["ticket"])
        if answer is not None and not answer.done():
            answer.set_result(message["data"])

    def _here(self, run_id: str, user_id: int, number: int) -> bytes | None:
        run = self._runs.get(run_id, user_id)
        if run is None or number >= len(run.files):
            return None
        data: bytes = run.files[number]
        return data
