"""`python -m simulator`: the command line."""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import sys
from pathlib import Path
from textwrap import fill
from types import FrameType

import uvicorn

from simulator import faults
from simulator.app import Simulator
from simulator.providers import PROVIDERS
from simulator.settings import Settings, from_environment

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
"""nginx's default, and most providers stand behind one."""


class Server(uvicorn.Server):
    """Says when it is ready, and stops at once: nobody waits for a model that is not there."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        print(f"simulator listening on {self.url}", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True
        self.force_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Not uvicorn's, which waits for the clients. Open streams are ended here and not by the
        # loop, so that their records reach the log.
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    settings = from_environment()
    arguments = parse_arguments(settings)
    listener = listen(arguments.host, arguments.port)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    application = Simulator(
        Settings(
            log_path=arguments.log,
            log_bodies=settings.log_bodies,
            ttft_ms=arguments.ttft_ms,
            tokens_per_second=arguments.tokens_per_second,
            keys=settings.keys,
        )
    )
    config = uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        access_log=False,
        # A cut connection is an error to uvicorn and a directive to us.
        log_config=None,
        log_level="critical",
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    # The vocabulary is 100,000 objects that will never be garbage: do not look at them again.
    gc.freeze()
    Server(config, url).run(sockets=[listener])


def parse_arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="Plays LLM providers on the wire, each with its own API under"
        " http://HOST:PORT/<provider>/...\n(by dialect; simulator/<dialect>_calls.py has the"
        f" paths):\n\n{_served()}\n\nA Stripe is under /stripe/ (simulator/stripe_app.py), and what"
        " went on is in GET /_log, /_stats,\n/_faults, /_gates, /healthz.",
        epilog=f"{faults.__doc__}\nWords: {', '.join(faults.WORDS)}.\n\n"
        "Environment: SIMULATOR_LOG, SIMULATOR_LOG_BODIES=0, SIMULATOR_TTFT_MS,"
        " SIMULATOR_TOKENS_PER_SECOND,\nSIMULATOR_KEYS=slug=key,slug=key (else any key is taken;"
        " Bedrock's is ACCESS:SECRET or an API key).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one (default 8001)")
    parser.add_argument(
        "--log",
        type=Path,
        default=settings.log_path,
        metavar="FILE.jsonl",
        help="append one line for each finished request",
    )
    parser.add_argument(
        "--ttft-ms",
        type=_positive,
        default=settings.ttft_ms,
        metavar="MS",
        help="time to first token (default %(default)g)",
    )
    parser.add_argument(
        "--tokens-per-second",
        type=_positive,
        default=settings.tokens_per_second,
        metavar="N",
        help="0 is as fast as the socket takes it (default %(default)g)",
    )
    return parser.parse_args()


def _served() -> str:
    """A line for each dialect: who speaks it."""
    speakers: dict[str, list[str]] = {}
    for row in PROVIDERS.values():
        speakers.setdefault(row.dialect, []).append(row.slug)
    lines = [f"{dialect}: {', '.join(slugs)}" for dialect, slugs in speakers.items()]
    filled = [fill(line, 96, initial_indent="  ", subsequent_indent="    ") for line in lines]
    return "\n".join(filled)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} must not be negative")
    return value


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Listening, and not only bound: two simulators must not both think the port is theirs.
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        print(f"simulator: cannot listen on {host}:{port}: {reason}.", file=sys.stderr)
        raise SystemExit(1) from None
    return listener


if __name__ == "__main__":
    main()
