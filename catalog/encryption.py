"""How stored credentials are encrypted: Fernet, with keys derived from what the environment says.

CREDENTIALS_KEY is a list with commas: its first entry encrypts, all of them decrypt, so that a new
one can be put before the old one (`manage.py rotate_credentials` then makes the old one needless).
A key derived from SECRET_KEY decrypts too, and encrypts while there is no CREDENTIALS_KEY: setting
one later loses nothing.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_CHARACTERS_MIN = 32


class Unreadable(Exception):
    """It was encrypted with a key that we do not have, or is damaged."""


def keys() -> list[str]:
    """The entries of CREDENTIALS_KEY; raises ImproperlyConfigured for one that is too short."""
    entries = [entry.strip() for entry in settings.CREDENTIALS_KEY.split(",") if entry.strip()]
    if any(len(entry) < KEY_CHARACTERS_MIN for entry in entries):
        raise ImproperlyConfigured(
            f"CREDENTIALS_KEY: each key needs {KEY_CHARACTERS_MIN} random characters or more"
        )
    return entries


def encrypt(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Raises Unreadable."""
    try:
        return _fernet().decrypt(encrypted.encode()).decode()
    except (InvalidToken, ValueError):
        raise Unreadable from None


def rotate(encrypted: str) -> str:
    """The same secret, encrypted with the first key; raises Unreadable."""
    return encrypt(decrypt(encrypted))


def _fernet() -> MultiFernet:
    own = [_derived(entry, "CREDENTIALS_KEY") for entry in keys()]
    others = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([*own, *(_derived(str(secret), "SECRET_KEY") for secret in others)])


@lru_cache(maxsize=16)
def _derived(secret: str, source: str) -> Fernet:
    """HKDF (RFC 5869): a key for this purpose alone, whatever else the secret is used for."""
    info = f"openrouter credentials of providers, {source}".encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
