"""A TCP proxy that can be slow, silent or gone, in front of a service of ours."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Proxy:
    """`delay_s` before each piece is passed on to the service; `cut` and `open` it as you like."""

    def __init__(self, port):
        self.delay_s = 0.0
        self.is_down = False
        self._target = ("127.0.0.1", port)
        self._sockets = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self.is_down = True
        for each in list(self._sockets):
            _end(each)

    def open(self):
        self.is_down = False

    def close(self):
        self.cut()
        _end(self._listener)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self.is_down:
                    raise OSError
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            self._sockets |= {client, server}
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source, target, is_slow):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_slow and self.delay_s:
                    time.sleep(self.delay_s)
                target.sendall(data)
        for each in (source, target):
            _end(each)
        source.close()
        self._sockets.discard(source)


def _end(connected):
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
