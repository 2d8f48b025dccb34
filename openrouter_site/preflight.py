"""What must be true before anything starts, each failure told in one sentence with its remedy."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

PORT_MAX = 65535


class CannotStart(Exception):
    """One sentence for the operator: what is wrong and what to do about it."""


def check_data_dir(path: Path) -> None:
    """Raise CannotStart unless DATA_DIR can be made and written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> CannotStart:
    reason = (error.strerror or str(error)).lower()
    return CannotStart(
        f"The data directory cannot be used ({error.filename}: {reason}): "
        "make it writable for this user or name another one with DATA_DIR=/path."
    )


def lock_data_dir(path: Path) -> IO[str]:
    """Hold the lock of DATA_DIR for as long as the returned file is open.

    Two servers on one embedded queue and one SQLite file would run each periodic task twice.
    """
    file = (path / "supervisor.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise CannotStart(
            f"Another server (process {holder}) is running on the data directory {path}: "
            "stop it or name another directory with DATA_DIR=/path."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def check_port(host: str, port: int, purpose: str, remedy: str) -> None:
    """Raise CannotStart unless we could listen there. `purpose` completes "Port 8000 ..."."""
    if port > PORT_MAX:
        raise CannotStart(f"Port {port} {purpose}is above {PORT_MAX}: {remedy}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            # As servers do: connections that are still closing do not make a port taken.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotStart(f"Port {port} {purpose}cannot be used ({reason}): {remedy}.") from None


def check_redis(url: str) -> None:
    """Raise CannotStart unless Redis answers."""
    import redis

    parts = urlsplit(url)
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=3, socket_timeout=3, retry=None
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise CannotStart(
            f"Redis at {parts.hostname or url} (port {_port(url) or 6379}) "
            f"cannot be reached ({first_line(error)}): "
            "check REDIS_URL, or unset it to run without Redis."
        ) from error


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def first_line(error: BaseException) -> str:
    """The first line of an error's text, without the full stop that ends our own sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".")
