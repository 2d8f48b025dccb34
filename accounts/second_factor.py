"""Second factors at rest: the secrets of authenticator apps and recovery codes, encrypted.

The key is made of SECRET_KEY (and SECRET_KEY_FALLBACKS), so a copy of the database alone opens no
account. Whoever changes SECRET_KEY without a fallback makes users add their factors again.
"""

from __future__ import annotations

import base64
import logging
import secrets
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from accounts.models import User

logger = logging.getLogger(__name__)


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except (InvalidToken, ValueError):
            # A secret that nobody knows: every code is wrong, and none can be guessed.
            logger.error("a second factor was encrypted with another SECRET_KEY")
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        """What the form for a new passkey proposes."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)


def _fernet() -> MultiFernet:
    return MultiFernet([_derived(key) for key in [settings.SECRET_KEY, *_fallbacks()]])


def _fallbacks() -> list[str]:
    return [str(key) for key in settings.SECRET_KEY_FALLBACKS]


def _derived(secret_key: str) -> Fernet:
    """HKDF (RFC 5869): a key for this purpose alone."""
    info = b"openrouter second factors of users"
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
