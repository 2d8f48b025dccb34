"""Servers that start in a moment, since a run that kills many would mostly wait for imports.

One process imports the product and then waits; each server is a fork of it: a process of its own,
with its own connections, threads and identity, which SIGKILL ends like any other.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

PROGRAM = Path(__file__).resolve()
ROOT = PROGRAM.parents[2]


class Forked:
    """What Gateway and its tests want of a process. Its parent, the nursery, buries it."""

    def __init__(self, pid):
        self.pid = pid

    def poll(self):
        """None while it runs (as of subprocess.Popen).

        Whose main thread is gone may have others that end a moment later, and keep its port.
        """
        return None if Path(f"/proc/{self.pid}").exists() else 0

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout=30):
        until = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("server", timeout)
            time.sleep(0.005)
        return 0


class Nursery:
    """Servers that differ in their port only."""

    def __init__(self, environment, log_path):
        self._log_path = log_path
        with open(log_path, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(PROGRAM)], cwd=ROOT, text=True, stderr=log,
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._process.stdout.readline() == "ready\n"

    def start(self, port):
        self._process.stdin.write(json.dumps(port) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()))

    def said(self):
        """The end of what its servers said."""
        return Path(self._log_path).read_text(errors="replace")[-4000:]

    def close(self):
        """Its servers end with it (they die with their parent)."""
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def _serve(port):
    """In the fork: a server like `python -m openrouter_site.server`."""
    from django.conf import settings

    from openrouter_site import server
    from openrouter_site.attached import die_with_parent

    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    settings.PORT = port
    server.main()


def main():
    import openrouter_site.asgi  # noqa: F401
    from routing import tokens

    tokens.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _serve(json.loads(line))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
