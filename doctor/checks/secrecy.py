"""Keys that protect others: strong enough, and still able to read what is stored."""

from __future__ import annotations

from itertools import islice

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from catalog import encryption
from catalog.models import Secret
from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import count

AREA = "Secrets"
_CHARACTERS_MIN, _DIFFERENT_MIN = 50, 15
_ROWS_MAX = 2000
_MAKE = "python3 -c 'import secrets; print(secrets.token_urlsafe(60))'"


def secret_key(visit: Visit | None) -> Verdict:
    key = settings.SECRET_KEY
    if len(key) < _CHARACTERS_MIN or len(set(key)) < _DIFFERENT_MIN or "insecure" in key:
        fail = bad if settings.PRODUCTION else warn
        return fail(
            "SECRET_KEY can be guessed: it signs sessions.",
            f"Make one of 50 random characters or more: {_MAKE}.",
        )
    return ok("SECRET_KEY is long and random.")


def credentials_key(visit: Visit | None) -> Verdict:
    try:
        own = encryption.keys()
    except ImproperlyConfigured:
        return bad(
            f"An entry of CREDENTIALS_KEY has less than {encryption.KEY_CHARACTERS_MIN}"
            " characters: stored credentials cannot be used.",
            f"Make one: {_MAKE}.",
        )
    if not own and settings.PRODUCTION:
        return warn(
            "Stored credentials are encrypted with a key made from SECRET_KEY: changing that"
            " loses them.",
            "Set CREDENTIALS_KEY, then run manage.py rotate_credentials.",
        )
    source = "CREDENTIALS_KEY" if own else "a key made from SECRET_KEY"
    return ok(f"Stored credentials are encrypted with {source}.")


def stored(visit: Visit | None) -> Verdict:
    """Whether every stored credential can still be decrypted. None of them is kept or shown."""
    seen = unreadable = 0
    for model in apps.get_models():
        if issubclass(model, Secret):
            rows = model._default_manager.values_list("encrypted", flat=True)
            for encrypted in islice(rows.iterator(), _ROWS_MAX - seen):
                seen += 1
                unreadable += not _is_readable(encrypted)
    if unreadable:
        return bad(
            f"{unreadable} of {count(seen, 'stored credential', 'stored credentials')} cannot be"
            " decrypted, and is not used.",
            "Add the key it was stored with to CREDENTIALS_KEY (new,old), or enter it again.",
        )
    if not seen:
        return ok("No credential is stored.")
    return ok(f"{count(seen, 'stored credential', 'stored credentials')} can be decrypted.")


def _is_readable(encrypted: str) -> bool:
    try:
        encryption.decrypt(encrypted)
    except encryption.Unreadable:
        return False
    return True


CHECKS = (
    Check("secrecy.secret_key", AREA, "SECRET_KEY", secret_key),
    Check("secrecy.credentials_key", AREA, "CREDENTIALS_KEY", credentials_key),
    Check("secrecy.stored", AREA, "Stored credentials", stored),
)
