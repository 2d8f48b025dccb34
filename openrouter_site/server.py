"""The web server: `python -m openrouter_site.server`. HOST, PORT and WORKERS come from outside.

uvicorn with httptools and uvloop; what it lacks is added here: a deadline for a request's headers,
and a drain that begins at SIGTERM, while the connections are still open.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from typing import Any

import orjson
import uvicorn
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from openrouter_site.attached import die_with_parent
from openrouter_site.environment import env_number, env_text
from openrouter_site.errors import BadRequest

_HEADER_BYTES_MAX = 128 * 1024
_FRAME_BYTES_MAX = 1024 * 1024
_KEEPALIVE_S = 75
# A worker that cannot start must not be started in a tight loop.
_RESPAWN_PAUSE_S = 0.5
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections that do not say what they want in time, or say too much.

    The clock runs from the connection's start, then from the first byte of each further request.
    """

    _header_bytes = 0
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._header_timer is not None:
            self._header_bytes += len(data)
            if self._header_bytes > _HEADER_BYTES_MAX:
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._header_timer is None:
            self._start_timer()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets the one error shape too."""
        body = orjson.dumps(BadRequest(msg).body())
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\naccess-control-allow-origin: *\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _start_timer(self) -> None:
        self._header_bytes = 0
        self._header_timer = self.loop.call_later(settings.HEADER_TIMEOUT_S, self.transport.close)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


class PatientSocket(WebSocketsSansIOProtocol):
    """At SIGTERM a socket stays until whoever serves it has said its last; and a text that is none
    is the client's mistake, not ours to log."""

    def shutdown(self) -> None:
        from playground.consumer import PATH

        is_open = self.handshake_complete and not self.close_sent
        if not is_open or self.scope["path"] != PATH:
            super().shutdown()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()


class DrainingServer(uvicorn.Server):
    """At SIGTERM the exchanges learn of it while uvicorn waits for its connections."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from openrouter_site.asgi import process

        drain = asyncio.create_task(process.drain())
        await super().shutdown(sockets)
        await drain


def _configuration() -> uvicorn.Config:
    return uvicorn.Config(
        "openrouter_site.asgi:application",
        http=GuardedProtocol,
        loop="uvloop",
        ws=PatientSocket,
        ws_max_size=_FRAME_BYTES_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.PRODUCTION,
        forwarded_allow_ips=env_text("FORWARDED_ALLOW_IPS", "127.0.0.1"),
        timeout_keep_alive=_KEEPALIVE_S,
        timeout_graceful_shutdown=int(settings.DRAIN_TIMEOUT_S) + 15,
        backlog=2048,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A client that takes nothing more holds its socket no longer than that.
        stall_ms = int(settings.WRITE_STALL_TIMEOUT_S * 1000)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stall_ms)
    listener.bind((host, port))
    listener.set_inheritable(True)
    return listener


def _serve(listener: socket.socket) -> None:
    DrainingServer(_configuration()).run(sockets=[listener])


def _serve_many(listener: socket.socket, workers: int) -> None:
    """`workers` processes on one socket; one that dies is replaced until we are told to stop."""
    children: set[int] = set()
    stopping = False

    def stop(number: int, _frame: Any) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    for number in _STOP_SIGNALS:
        signal.signal(number, stop)
    while not stopping or children:
        while not stopping and len(children) < workers:
            # Signals wait until the child has put down the parent's handlers.
            signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
            child = os.fork()
            if child == 0:
                die_with_parent()
                for number in _STOP_SIGNALS:
                    signal.signal(number, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
                _serve(listener)
                os._exit(0)
            children.add(child)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        child, _ = os.wait()
        children.discard(child)
        if not stopping:
            time.sleep(_RESPAWN_PAUSE_S)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")
    host = env_text("HOST", "0.0.0.0" if settings.PRODUCTION else "127.0.0.1")
    try:
        listener = _listen(host, settings.PORT)
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{settings.PORT}: {error.strerror}. Set PORT to another.")
    workers = int(env_number("WORKERS", 1, 1))
    if workers == 1:
        _serve(listener)
    else:
        _serve_many(listener, workers)


if __name__ == "__main__":
    main()
