"""Keep a handful of programs running, show what they complain about, and stop them cleanly.

Each program runs in a process group of its own, so that Ctrl-C in the terminal reaches only us and
we choose the order of stopping; each ends with us, even when we are killed (`attached`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

from openrouter_site.attached import PARENT_VARIABLE
from openrouter_site.preflight import CannotStart

BACKOFF_S = (1, 2, 4, 8, 15, 30)
HEALTHY_AFTER_S = 60
STARTS_MAX = 3
LOG_BYTES_MAX = 10 * 1024 * 1024
LINE_BYTES_MAX = 1024 * 1024
LAST_WORDS_S = 0.2
PATIENCE_S = 3
STDOUT, STDERR = 1, 2
_LEVEL = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ([A-Z]+) ")
_CALM = {"DEBUG", "INFO"}


@dataclass(frozen=True)
class Program:
    """A Python module to keep running. `last` programs stop when the others have stopped."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    last: bool = False


class Output(asyncio.SubprocessProtocol):
    """Copies a process's lines to the log and shows those not marked as calm.

    A protocol and not streams: `ended` is set when the process ends, even when something it started
    holds its pipes open. Before Python 3.12.5 Process.wait() waits for that too.
    """

    def __init__(self, name: str, log: logging.Handler) -> None:
        self.ended = asyncio.Event()
        self.closed = asyncio.Event()
        self._name = name
        self._log = log
        self._unfinished = {STDOUT: b"", STDERR: b""}
        self._shown = True

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, rest = (self._unfinished[fd] + data).split(b"\n")
        self._unfinished[fd] = rest[-LINE_BYTES_MAX:]
        for line in lines:
            self._take(fd, line.decode(errors="replace").rstrip())

    def process_exited(self) -> None:
        self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def _take(self, fd: int, line: str) -> None:
        self._log.emit(logging.makeLogRecord({"msg": "%s", "args": (line,)}))
        if fd == STDERR:
            if mark := _LEVEL.match(line):
                self._shown = mark[1] not in _CALM
            if self._shown and line:
                tell(f"{self._name} | {line}")


class Child:
    """One program over all its restarts."""

    def __init__(self, program: Program, log_dir: Path) -> None:
        self.program = program
        self._transport: asyncio.SubprocessTransport | None = None
        self._stop_signal: signal.Signals | None = None
        self._log = RotatingFileHandler(
            log_dir / f"{program.name}.log", maxBytes=LOG_BYTES_MAX, backupCount=1
        )

    async def live(self) -> int:
        """Start the program and wait for its end; its exit code."""
        self._transport, output = await asyncio.get_running_loop().subprocess_exec(
            lambda: Output(self.program.name, self._log),
            *(sys.executable, "-m", "openrouter_site.attached", *self.program.arguments),
            env={**os.environ, **self.program.environment, PARENT_VARIABLE: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self._stop_signal is not None:
            # We were told to stop while the process was being made.
            self._transport.send_signal(self._stop_signal)
        await output.ended.wait()
        # Its last words may still be in the pipes.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(output.closed.wait(), LAST_WORDS_S)
        self.kill_group()
        self._transport.close()
        return self._transport.get_returncode() or 0

    def stop(self) -> None:
        """Ask the program to end; it passes that on to its own workers as it sees fit."""
        self._stop_signal = signal.SIGTERM
        if self._transport is not None and self._transport.get_returncode() is None:
            self._transport.terminate()

    def kill(self) -> None:
        """End the program, now and for good."""
        self._stop_signal = signal.SIGKILL
        self.kill_group()

    def kill_group(self) -> None:
        """End whatever the present process has started, and itself."""
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    def close(self) -> None:
        self._log.close()


class Supervisor:
    """Runs programs until told to stop."""

    def __init__(self, programs: list[Program], log_dir: Path, stop_timeout_s: float) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.children = [Child(program, log_dir) for program in programs]
        self.stop_timeout_s = stop_timeout_s
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()

    async def run(self, ready: Callable[[], Awaitable[None]]) -> None:
        """Run until a signal; `ready` is awaited once, beside the programs, and says so.

        Raises CannotStart when a program ends STARTS_MAX times before that.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._signalled)
        lives = {child: asyncio.create_task(self._keep_running(child)) for child in self.children}
        announcement = asyncio.create_task(self._announce(ready))
        told_to_stop = asyncio.create_task(self._stopping.wait())
        try:
            # A life ends by itself only in giving up.
            await asyncio.wait({told_to_stop, *lives.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            announcement.cancel()
            await self._stop(lives)
            for child in self.children:
                child.close()
        await asyncio.gather(*lives.values())

    def _signalled(self) -> None:
        if self._stopping.is_set():
            self._at_once.set()
        self._stopping.set()

    async def _announce(self, ready: Callable[[], Awaitable[None]]) -> None:
        await ready()
        self._ready.set()

    async def _keep_running(self, child: Child) -> None:
        deaths = 0
        while True:
            started = time.monotonic()
            code = await child.live()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_AFTER_S:
                deaths = 0
            delay_s = BACKOFF_S[min(deaths, len(BACKOFF_S) - 1)]
            deaths += 1
            name = child.program.name
            if deaths >= STARTS_MAX and not self._ready.is_set():
                raise CannotStart(
                    f"{name} does not start: it ended {deaths} times ({_how(code)}); "
                    "its last lines are above and in the log directory."
                )
            tell(f"{name} stopped unexpectedly ({_how(code)}); starting it again in {delay_s} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_s)
                return

    async def _stop(self, lives: Mapping[Child, asyncio.Task[None]]) -> None:
        """Stop the programs, those marked `last` after the others; kill what takes too long."""
        deadline = time.monotonic() + self.stop_timeout_s
        at_once = asyncio.create_task(self._at_once.wait())
        patience = asyncio.get_running_loop().call_later(
            PATIENCE_S, tell, "Waiting for running answers to end; Ctrl-C again stops at once."
        )
        for last in (False, True):
            children = [child for child in lives if child.program.last is last]
            if not children:
                continue
            for child in children:
                child.stop()
            gone = asyncio.create_task(asyncio.wait([lives[child] for child in children]))
            await asyncio.wait(
                {gone, at_once},
                timeout=max(0, deadline - time.monotonic()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            gone.cancel()
            for child in children:
                child.kill()
        at_once.cancel()
        patience.cancel()


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def tell(line: str) -> None:
    """One line for the operator; a terminal that has gone away is no reason to stop."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)
