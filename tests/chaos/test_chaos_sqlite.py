"""SQLite is locked by another process, or its disk takes nothing (F12): 503, no answer that is
whole and not paid, and all is well when the disk is.

A limit on the size of files makes each write beyond it fail, as a broken disk does; a small tmpfs
gets full, and strace lets fdatasync fail (both in `make chaos` only: they need root and strace).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from chaos_books import check_money
from chaos_clients import Clients
from chaos_size import IS_LARGE, sized
from gateway_process import Gateway, wait_until

PER_S = 20
LOCKED_S = sized(1.5, 15)
FAULT_S = sized(1.5, 8)
MODEL = "openai/gpt-3.5-turbo"
# The journal of settlements has room below it, the database has not.
FILE_SIZE_MAX = 256 * 1024

only_sqlite = pytest.mark.engine("sqlite")


@pytest.fixture(scope="module")
def gateway(new_gateway):
    return new_gateway(TIMEOUT_SCALE="0.2").start()


@contextlib.contextmanager
def locked(gateway):
    with gateway.locked():
        yield


@contextlib.contextmanager
def limited_files(gateway):
    pid = gateway.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_SIZE_MAX, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def no_writes(gateway):
    """Not even the journal can be written."""
    pid = gateway.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def failing_fdatasync(gateway):
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(gateway.process.pid),
         "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"],
    )  # fmt: skip
    try:
        yield
    finally:
        tracer.terminate()
        tracer.wait(timeout=10)


@contextlib.contextmanager
def full_disk(gateway):
    """The folder of the database is a tmpfs of its own; something else fills it."""
    path = Path(gateway.database_url.removeprefix("sqlite:///")).parent / "something else"
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    try:
        yield
    finally:
        path.unlink()


async def under_load(gateway, caller, fault, seconds):
    clients = Clients(gateway, caller, MODEL)
    loading = asyncio.create_task(clients.come(PER_S, seconds + 1))
    await asyncio.sleep(0.5)
    with fault:
        await asyncio.sleep(seconds)
    ended_s = time.monotonic()
    while not all(each.is_whole for each in await clients.come(10, 0.5)):
        assert time.monotonic() < ended_s + 20, "not served again"
    back_s = time.monotonic() - ended_s - 0.5
    await loading
    return clients.answered, back_s


def endure(gateway, fault, seconds, name):
    caller = gateway.caller(credits="10000")
    answered, back_s = asyncio.run(under_load(gateway, caller, fault, seconds))
    statuses = Counter((each.status, (each.error or {}).get("code")) for each in answered)
    print(f"{name}: {dict(statuses)}; served again after {max(0, back_s):.1f} s")
    for each in answered:
        assert each.status in (200, 503), each
        assert (each.error or {"code": 503})["code"] in (502, 503), each
    assert any(each.is_whole for each in answered)
    check_money(gateway, caller, answered)
    return statuses


@only_sqlite
@pytest.mark.timeout(180)
def test_database_that_is_locked_costs_nobody_anything(gateway):
    endure(gateway, locked(gateway), LOCKED_S, "locked")


@only_sqlite
@pytest.mark.timeout(180)
@pytest.mark.parametrize("fault", [limited_files, no_writes], ids=lambda fault: fault.__name__)
def test_disk_that_takes_nothing_costs_nobody_anything(gateway, fault):
    if fault is limited_files:  # its write-ahead log is beyond the limit from the start
        wait_until(lambda: grow(gateway), "the write-ahead log to grow")
    statuses = endure(gateway, fault(gateway), FAULT_S, fault.__name__)
    assert statuses[503, 503] > 0


def grow(gateway):
    path = Path(gateway.database_url.removeprefix("sqlite:///") + "-wal")
    if path.exists() and path.stat().st_size > FILE_SIZE_MAX + 65_536:
        return True
    asyncio.run(Clients(gateway, gateway.caller(), MODEL).come(50, 0.5))
    return False


class _Here:
    """A template whose copies are in another folder."""

    def __init__(self, template, folder):
        self._template, self._folder = template, folder

    def copy(self):
        path = self._folder / "db.sqlite3"
        shutil.copy(self._template.url.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"


if IS_LARGE:  # not skipped elsewhere: in the ordinary suite nothing may be

    @only_sqlite
    @pytest.mark.timeout(180)
    def test_disk_that_says_eio_costs_nobody_anything(gateway, tool):
        tool("strace")
        statuses = endure(gateway, failing_fdatasync(gateway), FAULT_S, "EIO")
        assert statuses[503, 503] > 0

    @only_sqlite
    @pytest.mark.timeout(180)
    @pytest.mark.skipif(os.getuid() != 0, reason="only root may mount")
    def test_disk_that_is_full_costs_nobody_anything(template, fast_simulator, tmp_path):
        disk = tmp_path / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], check=True)
        try:
            made = Gateway(_Here(template, disk), fast_simulator, tmp_path, TIMEOUT_SCALE="0.2")
            with contextlib.closing(made):
                statuses = endure(made.start(), full_disk(made), FAULT_S, "full")
                assert statuses[503, 503] > 0
        finally:
            subprocess.run(["umount", disk], check=True)
