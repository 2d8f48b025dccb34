"""A PostgreSQL server of our own, so that it may be hurt: in a new folder, gone at the end.

python tests/chaos/chaos_postgresql.py [--fsync] COMMAND ...

runs the command with DATABASE_URL naming the server; --fsync for one that survives a power loss.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path


def binaries():
    """The folder of the newest PostgreSQL here; None when there is none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _free_port():
    """Not one of those that the kernel gives to connections (gateway_process.free_port): nobody may
    have it while the server starts again."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Postgresql:
    """`url` is where it listens. It keeps its port when it starts again."""

    def __init__(self, folder, *, fsync=False, connections=100):
        self._bin = binaries()
        self._data = Path(folder) / "data"
        self.port = _free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._options = (
            f"-p {self.port} -k '' -c listen_addresses=127.0.0.1"
            f" -c fsync={'on' if fsync else 'off'} -c max_connections={connections}"
            " -c log_min_messages=fatal"
        )
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--no-sync")
        self._control("start")

    def _run(self, name, *arguments):
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        done = subprocess.run(
            [*user, str(self._bin / name), *map(str, arguments)], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, timeout=90,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def _control(self, *arguments):
        log = self._data.parent / "server.log"
        self._run("pg_ctl", "-D", self._data, "-l", log, "-o", self._options, "-w", *arguments)

    def restart_immediately(self):
        """As after a crash of the machine: no goodbye to anybody, and recovery at the start."""
        self._control("restart", "-m", "immediate")

    def _processes(self):
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    @contextmanager
    def paused(self):
        """Inside, it takes connections (the kernel does) and answers nothing."""
        pids = self._processes()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def close(self):
        self._control("stop", "-m", "immediate")


@contextmanager
def running(**options):
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        os.chmod(folder, 0o755)
        server = Postgresql(folder, **options)
        try:
            yield server
        finally:
            server.close()


def main():
    if binaries() is None:
        sys.exit("PostgreSQL is not installed (Debian, Ubuntu: apt install postgresql).")
    command = sys.argv[1:]
    fsync = command[:1] == ["--fsync"]
    with running(fsync=fsync) as server:
        environment = {**os.environ, "DATABASE_URL": server.url}
        sys.exit(subprocess.run(command[fsync:], env=environment).returncode)


if __name__ == "__main__":
    main()
