"""A picture by https: the server must prove that it is who the name says."""

from __future__ import annotations

import datetime

import pytest
from loopback_pictures import answer, site
from picture_builders import png
from test_connection_tls import serving


@pytest.mark.parametrize("shown", ["pictures.example", "other.example"])
def test_a_server_of_another_name_is_sent_no_request(run, tmp_path, monkeypatch, shown):
    path = named_certificate(tmp_path / "shown.pem", shown)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    async def story():
        async with site({"/a.png": answer(png())}, tls=serving(path)) as pictures:
            url = pictures.url(scheme="https")
            if shown == "pictures.example":
                assert (await pictures.fetcher().fetch(url))[1] == png()
            else:
                assert "cannot be reached" in await pictures.refused(url)
                assert pictures.requests == []

    run(story())


def named_certificate(path, name):
    """A self-signed certificate of this name, with its key, as one PEM file."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(encoding))
    return path
