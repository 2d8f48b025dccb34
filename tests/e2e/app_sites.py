"""Sites of apps, each on a port of its own: our demo page, and one that sends its visitor on."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gateway_process import ROOT


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class _Guest(BaseHTTPRequestHandler):
    """Notes who comes with which Referer; /cb leads on to `onward`, if there is one."""

    def do_GET(self):
        path = urlsplit(self.path).path
        self.server.seen.append((self.path, self.headers.get("Referer")))
        is_callback = path == "/cb" and self.server.onward
        self.send_response(302 if is_callback else 200)
        if is_callback:
            self.send_header("Location", self.server.onward)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Guest</title><p>Welcome back</p>")

    def log_message(self, *_):
        pass


@contextmanager
def _running(handler):
    server = ThreadingHTTPServer(("localhost", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def demo_site():
    """The address of examples/pkce-demo, served as its README says."""
    with _running(partial(_Quiet, directory=ROOT / "examples" / "pkce-demo")) as server:
        yield f"http://localhost:{server.server_port}/"


@contextmanager
def guest_site(onward="", certificate=None):
    """A server with `address` and, in `seen`, (path, Referer) of each visit. By https when it is
    given a certificate."""
    with _running(_Guest) as server:
        server.seen, server.onward = [], onward
        server.address = f"http{'s' * bool(certificate)}://localhost:{server.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server


def make_certificate(path):
    """One that nobody trusts, with its key, in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, secrecy = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, secrecy) + made.public_bytes(pem))
    return path
