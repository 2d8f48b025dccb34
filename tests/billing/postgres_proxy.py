"""A TCP proxy before PostgreSQL that fails where the wire may fail. The client speaks the simple
query protocol without TLS (PGSSLMODE=disable), so that a COMMIT can be seen passing."""

from __future__ import annotations

import contextlib
import socket
import threading

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class PostgresProxy:
    """`lose_commits` answers to COMMIT are lost, with their connections; `is_down` lets none in."""

    def __init__(self, host, port):
        self.is_down = False
        self.lose_commits = 0
        self.lost = 0
        self._server = (host, port)
        self._sockets = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """All connections end now, and new ones are refused until `is_down` is False."""
        self.is_down = True
        with self._lock:
            for each in self._sockets:
                _end(each)
            self._sockets.clear()

    def close(self):
        self.cut()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_down:
                client.close()
                continue
            try:
                server = socket.create_connection(self._server)
            except OSError:  # it is down itself
                client.close()
                continue
            with self._lock:
                self._sockets |= {client, server}
            pair = _Pair(self, client, server)
            threading.Thread(target=pair.to_server, daemon=True).start()
            threading.Thread(target=pair.to_client, daemon=True).start()

    def _forget(self, *sockets):
        with self._lock:
            self._sockets -= set(sockets)
        for each in sockets:
            _end(each)
            each.close()


def _end(connected):
    """Both sides learn of it, even while a thread of ours waits in recv."""
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class _Pair:
    def __init__(self, proxy, client, server):
        self._proxy, self._client, self._server = proxy, client, server
        self._drop = False

    def to_server(self):
        try:
            while data := self._client.recv(65536):
                if data.endswith(_COMMIT) and self._proxy.lose_commits:
                    self._proxy.lose_commits -= 1
                    self._drop = True
                self._server.sendall(data)
            self._server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def to_client(self):
        try:
            while data := self._server.recv(65536):
                if self._drop:
                    # The server has committed and said so; nobody hears it.
                    self._proxy.lost += 1
                    break
                self._client.sendall(data)
        except OSError:
            pass
        self._proxy._forget(self._client, self._server)
