"""A Redis of a test's own, and things that listen like one and do not answer."""

from __future__ import annotations

import contextlib
import subprocess
import time

import redis
from gateway_process import free_port

DEADLINE_S = 10


@contextlib.contextmanager
def running(program, port=None, *options):
    """The URL of a fresh Redis; it ends with the context."""
    port = port or free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(
        [*command, "--appendonly", "no", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_for(url)
        yield url
    finally:
        process.kill()
        process.wait(timeout=DEADLINE_S)


def _wait_for(url):
    until = time.monotonic() + DEADLINE_S
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
