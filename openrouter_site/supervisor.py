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
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from openrouter_site import preflight, welcome
from openrouter_site.attached import die_with_parent
from openrouter_site.environment import env_bool, env_number, env_text
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
        options = _read_options()
        preflight.check_data_dir(settings.DATA_DIR)
        with preflight.lock_data_dir(settings.DATA_DIR):
            _serve(options)
    except CannotStart as error:
        tell(f"Cannot start: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@dataclass(frozen=True)
class Options:
    """What the environment says about the processes themselves."""

    host: str
    workers: int
    simulated: bool


def _read_options() -> Options:
    """Read every setting that is needed to start, so that none of them fails later."""
    try:
        production = settings.PRODUCTION
        # SQLite has a single writer: more processes would only wait for each other.
        cores = 1 if settings.DATABASE_URL.startswith("sqlite:") else os.cpu_count() or 1
        return Options(
            host=env_text("HOST", "0.0.0.0" if production else "127.0.0.1"),
            workers=int(env_number("WORKERS", cores, 1)),
            simulated=env_bool("SIMULATOR", default=not production) and not production,
        )
    except ImproperlyConfigured as error:
        raise CannotStart(f"{preflight.first_line(error)}.") from error
    except ValueError as error:
        raise CannotStart(f"A setting is not valid: {preflight.first_line(error)}.") from error
    except OSError as error:
        # The settings keep a generated SECRET_KEY in DATA_DIR.
        raise preflight.unwritable(error) from error


def _serve(options: Options) -> None:
    _check_surroundings(options)
    # Django's own imports take most of a second: only now, when we know that we can start.
    from openrouter_site.preparation import database_name, prepare, setup_link

    account = prepare(_say)
    simulator_port = settings.PORT + 1 if options.simulated else None
    text = welcome.text(account, database_name(), simulator_port, setup_link())

    async def announce() -> None:
        await _until_ready(options.host)
        _say(text)

    supervisor = Supervisor(
        _programs(options),
        settings.DATA_DIR / "logs",
        settings.DRAIN_TIMEOUT_S + STOP_MARGIN_S,
    )
    asyncio.run(supervisor.run(announce))
    _say("Stopped.")


def _check_surroundings(options: Options) -> None:
    other = f"choose another one, for example PORT={settings.PORT % 50_000 + 100}"
    preflight.check_port(options.host, settings.PORT, "", other)
    if options.simulated:
        preflight.check_port(
            "127.0.0.1",
            settings.PORT + 1,
            "(PORT + 1, for the simulated providers) ",
            f"{other}, or do without them with SIMULATOR=0",
        )
    if settings.REDIS_URL:
        preflight.check_redis(settings.REDIS_URL)


def _programs(options: Options) -> list[Program]:
    simulator_port = settings.PORT + 1
    environment = {
        "PORT": str(settings.PORT),
        "HOST": options.host,
        "WORKERS": str(options.workers),
    }
    if options.simulated and not settings.UNCONFIGURED_PROVIDER_URL:
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
    if options.simulated:
        programs.append(Program("simulator", simulator, last=True))
    return programs


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
