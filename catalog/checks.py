"""What Django's checks say of this app's settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from catalog import encryption


@register(Tags.security)
def credentials_keys(**_: Any) -> list[CheckMessage]:
    try:
        encryption.keys()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="catalog.E001")]
    return []


@register(Tags.security, deploy=True)
def credentials_key_is_set(**_: Any) -> list[CheckMessage]:
    if settings.CREDENTIALS_KEY.strip():
        return []
    return [
        Warning(
            "CREDENTIALS_KEY is not set: stored credentials are encrypted with a key derived from "
            "SECRET_KEY, and whoever changes that loses them.",
            hint="Set it to 32 random characters or more, then run rotate_credentials.",
            id="catalog.W001",
        )
    ]
