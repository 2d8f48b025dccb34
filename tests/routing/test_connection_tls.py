"""TLS to providers: whoever cannot prove who it is gets no request and no credential."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

import pytest
from loopback_provider import OK, always, loopback

from routing.connection import ConnectionLost


def certificate(path, *, address="127.0.0.1", days=1):
    """A self-signed certificate of this address, with its key, as one PEM file."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider.example")])
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - datetime.timedelta(days=30))
        .not_valid_after(until)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def serving(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_provider_that_proves_who_it_is_is_asked(run, tmp_path, monkeypatch):
    trusted = certificate(tmp_path / "trusted.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    async def story():
        async with loopback(always(OK), tls=serving(trusted)) as provider:
            for _ in range(3):
                assert await provider.ask(body=b"x" * 100_000) == b"ok"
            assert len(provider.peers) == 1

    run(story())


@pytest.mark.parametrize("wrong", ["untrusted", "another address", "expired"])
def test_a_wrong_certificate_is_refused_before_anything_is_sent(run, tmp_path, monkeypatch, wrong):
    fields = {
        "untrusted": {}, "another address": {"address": "127.0.0.2"}, "expired": {"days": -2},
    }[wrong]  # fmt: skip
    shown = certificate(tmp_path / "shown.pem", **fields)
    trusted = certificate(tmp_path / "other.pem") if wrong == "untrusted" else shown
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    async def story():
        async with loopback(always(OK), tls=serving(shown)) as provider:
            with pytest.raises(ConnectionLost) as lost:
                await provider.ask()
            assert lost.value.untouched
            assert provider.requests == []

    run(story())


def test_a_provider_that_speaks_no_tls_is_lost(run):
    async def server(provider, peer):
        await peer.reader.read(1)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.gone()

    async def story():
        async with loopback(server) as provider:
            provider.scheme = "https"
            with pytest.raises(ConnectionLost):
                await provider.ask()

    run(story())
