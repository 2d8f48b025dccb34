"""Keys that somebody found where they should not be: whoever has one may end it.

A key is proof enough. It is disabled for ever, as if its owner had deleted it, and whoever had it
is told by e-mail.
"""

from __future__ import annotations

import logging
import re
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from accounts import key_changes, keys
from accounts.models import ApiKey

logger = logging.getLogger(__name__)

TEXT_CHARACTERS_MAX = 20_000
_KEYS_MAX = 20
_KEY = re.compile(r"sk-or-v1-[0-9a-f]{64}(?![0-9a-f])")


def revoke(text: str) -> int:
    """End the keys that are in the text, wherever it is from: how many there were."""
    found = {key for key in _KEY.findall(text[:TEXT_CHARACTERS_MAX]) if keys.is_well_formed(key)}
    digests = [keys.digest(key) for key in sorted(found)[:_KEYS_MAX]]
    rows = ApiKey.objects.filter(digest__in=digests, deleted_at=None)
    ended = list(rows.select_related("user", "member__user").order_by("pk"))
    for row in ended:
        key_changes.delete(row, actor="leaked-key form", reason="Somebody else had it.")
        _tell(row)
    return len(ended)


def _tell(row: ApiKey) -> None:
    """The person who had it, and the owner of the account if that is somebody else."""
    people = {row.user.email}
    if row.member is not None:
        people.add(row.member.user.email)
    text = (
        f"Somebody found your API key {row.name!r} ({row.label}) and reported it at"
        f" {settings.SITE_URL}/leaked. It no longer works.\n\n"
        "Look where it was published, make a new key and put that into your programs:"
        f" {settings.SITE_URL}/settings/keys\n"
    )
    try:
        send_mail(f"A key of yours at {settings.SITE_NAME} leaked", text, None, sorted(people))
    except (OSError, SMTPException):
        logger.exception("nobody could be told that key %s leaked", row.label)
