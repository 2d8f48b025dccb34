"""How server processes speak to each other: the channel layer, and no more than it must carry.

Each process reads one channel, `playground.<instance_id>`, and the group of all of them. What is
posted leaves in the order in which it was posted, when the layer can take it; while it is away
runs and pages of one process do without.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

Message = dict[str, Any]

_WAITING_MAX = 1_000
_AGAIN_S = 1.0
# Groups forget their members after a day.
_REJOIN_S = 3600.0
_ALL = "playground.all"


class Hub:
    """`handle` gets each message of another process; `from` is in it."""

    def __init__(self, instance_id: str, handle: Callable[[Message], None]) -> None:
        self.instance_id = instance_id
        self._handle = handle
        self._layer: Any = get_channel_layer()
        self._groups: set[str] = {_ALL}
        self._waiting: deque[tuple[str, str, Message]] = deque(maxlen=_WAITING_MAX)
        self._some = asyncio.Event()
        self._is_failing = False

    @property
    def is_shared(self) -> bool:
        """Whether other processes can hear us."""
        return self._layer is not None and not isinstance(self._layer, InMemoryChannelLayer)

    def post(self, instance_id: str, message: Message) -> None:
        """To one other process."""
        self._post("send", _channel(instance_id), message)

    def post_all(self, message: Message) -> None:
        self._post("group_send", _ALL, message)

    def post_user(self, user_id: int, message: Message) -> None:
        """To those where this person has a page open."""
        self._post("group_send", _user(user_id), message)

    def join(self, user_id: int) -> None:
        """A person has a page open here."""
        self._groups.add(_user(user_id))
        self._post("group_add", _user(user_id), {})

    def leave(self, user_id: int) -> None:
        self._groups.discard(_user(user_id))
        self._post("group_discard", _user(user_id), {})

    def _post(self, how: str, where: str, message: Message) -> None:
        if self.is_shared:
            self._waiting.append((how, where, message))
            self._some.set()

    async def send(self, instance_id: str, message: Message) -> bool:
        """To one other process, now; whether the layer took it."""
        try:
            await self._layer.send(_channel(instance_id), self._signed(message))
        except ChannelFull:
            return False
        except Exception as error:  # each kind of layer has its own
            self._failed(error)
            return False
        return True

    def _signed(self, message: Message) -> Message:
        return {**message, "from": self.instance_id}

    async def run(self) -> None:
        """For the life of the process."""
        if self.is_shared:
            await asyncio.gather(self._listen(), self._write(), self._rejoin())

    async def _rejoin(self) -> None:
        while True:
            for group in tuple(self._groups):
                self._post("group_add", group, {})
            await asyncio.sleep(_REJOIN_S)

    async def _write(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                how, where, message = self._waiting.popleft()
                try:
                    if how in ("group_add", "group_discard"):
                        await getattr(self._layer, how)(where, _channel(self.instance_id))
                    else:
                        await getattr(self._layer, how)(where, self._signed(message))
                except ChannelFull:
                    continue
                except Exception as error:
                    self._failed(error)
                    await asyncio.sleep(_AGAIN_S)

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(_channel(self.instance_id))
            except Exception as error:
                self._failed(error)
                await asyncio.sleep(_AGAIN_S)
                continue
            if self._is_failing:
                # It may have lost its groups with everything else.
                self._is_failing = False
                for group in tuple(self._groups):
                    self._post("group_add", group, {})
            if message.get("from") != self.instance_id:
                try:
                    self._handle(message)
                except Exception:
                    logger.exception("a message of another process is not understood")

    def _failed(self, error: Exception) -> None:
        if not self._is_failing:
            logger.warning("the channel layer does not answer: %s", type(error).__name__)
        self._is_failing = True


def _channel(instance_id: str) -> str:
    return f"playground.{instance_id}"


def _user(user_id: int) -> str:
    return f"playground.user.{user_id}"
