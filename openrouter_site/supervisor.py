"""`make run`: prepare the data, start every process, say where everything is, stop cleanly.

Web server, worker and, outside production, the simulator of the providers that have no credential
run as children of this process. deploy/ shows how to run them without it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from openrouter_site import preflight, welcome
from openrouter_site.attached import die_with_parent
from openrouter_site.preflight import CannotStart
from openrouter_site.processes import Program, Supervisor, tell

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")

# The web server ends its drain of DRAIN_TIMEOUT_S by itself; past this margin it is stuck.
STOP_MARGIN_S = 30
READY_POLL_S = 0.05
READY_LATE_S = 30


def main() -> int:
    """The exit code: 0 after a clean stop, 1 after one sentence on stderr about what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m openrouter_site.supervisor")
    parser.add_argument("--with-parent", action="store_true", help="stop when the parent ends")
    if parser.parse_args().with_parent:
        die_with_parent()
    try:
        _read_settings()
        preflight.check_data_dir(settings.DATA_DIR)
        with preflight.lock_data_dir(settings.DATA_DIR):
            _serve()
    except CannotStart as error:
        tell(f"Cannot start: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _read_settings() -> None:
    try:
        _ = settings.DATA_DIR
    except ImproperlyConfigured as error:
        raise CannotStart(f"{preflight.first_line(error)}.") from error
    except OSError as error:
        # The settings keep a generated SECRET_KEY there.
        raise preflight.unwritable(error) from error


def _serve() -> None:
    host = os.environ.get("HOST") or ("0.0.0.0" if settings.PRODUCTION else "127.0.0.1")
    simulated = not settings.PRODUCTION and os.environ.get("SIMULATOR", "1") not in _OFF
    _check_surroundings(host, simulated)
    # Django's own imports take most of a second: only now, when we know that we can start.
    from openrouter_site.preparation import database_name, prepare

    account = prepare(_say)
    text = welcome.text(account, database_name(), settings.PORT + 1 if simulated else None)

    async def announce() -> None:
        await _until_ready(host)
        _say(text)

    supervisor = Supervisor(
        _programs(host, simulated),
        settings.DATA_DIR / "logs",
        settings.DRAIN_TIMEOUT_S + STOP_MARGIN_S,
    )
    asyncio.run(supervisor.run(announce))
    _say("Stopped.")


_OFF = {"0", "false", "no", "off"}


def _check_surroundings(host: str, simulated: bool) -> None:
    preflight.check_port(host, settings.PORT, "", "choose another one with PORT=...")
    if simulated:
        preflight.check_port(
            "127.0.0.1",
            settings.PORT + 1,
            "(PORT + 1, for the simulated providers) ",
            "choose another PORT=..., or do without them with SIMULATOR=0",
        )
    if settings.REDIS_URL:
        preflight.check_redis(settings.REDIS_URL)


def _programs(host: str, simulated: bool) -> list[Program]:
    simulator_port = settings.PORT + 1
    environment = {"PORT": str(settings.PORT), "HOST": host, "WORKERS": _workers()}
    if simulated and not settings.UNCONFIGURED_PROVIDER_URL:
        environment["UNCONFIGURED_PROVIDER_URL"] = f"http://127.0.0.1:{simulator_port}/{{slug}}"
    log = settings.DATA_DIR / "simulator.jsonl"
    simulator = ("simulator", "--port", str(simulator_port), "--log", str(log))
    # Two threads: a slow task must not hold up the next one, and the database is not for more.
    worker = (
        *("celery", "-q", "-A", "openrouter_site", "worker", "--beat"),
        *("--pool=threads", "--concurrency=2"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
    programs = [
        Program("web", ("openrouter_site.server",), environment),
        Program("worker", worker, environment),
    ]
    # Answers that are still running come from the simulator: it stops after the web server.
    return [*programs, Program("simulator", simulator, last=True)] if simulated else programs


def _workers() -> str:
    """WORKERS, else one per core; one on SQLite, which has a single writer anyway."""
    sqlite = settings.DATABASE_URL.startswith("sqlite:")
    return os.environ.get("WORKERS") or str(1 if sqlite else os.cpu_count() or 1)


async def _until_ready(host: str) -> None:
    """Return when GET /readyz answers 200; say once when that takes long."""
    loop = asyncio.get_running_loop()
    late = loop.call_later(
        READY_LATE_S,
        tell,
        f"Not ready after {READY_LATE_S} s; still waiting. See {settings.DATA_DIR / 'logs'}",
    )
    while not await _is_ready("127.0.0.1" if host == "0.0.0.0" else host):
        await asyncio.sleep(READY_POLL_S)
    late.cancel()


async def _is_ready(host: str) -> bool:
    name = urlsplit(settings.SITE_URL).hostname or host
    writer = None
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, settings.PORT)
            request = f"GET /readyz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            return (await reader.readline()).split()[1:2] == [b"200"]
    except OSError:
        return False
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
