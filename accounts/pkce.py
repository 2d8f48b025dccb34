"""Codes that apps exchange for keys: issued when a user consents, good once, for ten minutes.

A code used twice may be in the wrong hands, so a second exchange that is right in all else ends the
key that the first one made (OAuth 2.0, 4.1.2; ASVS 5.0, 10.4.2). Pages that do everything twice are
spared: within GRACE_S a caller who proves himself by the verifier is refused, and his key stays.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts import challenges, key_changes
from accounts.app_requests import KeyTerms
from accounts.auth_code_row import AuthCode
from accounts.challenges import Challenge
from accounts.models import ApiKey
from openrouter_site.errors import ApiError, Conflict, Forbidden

LIFETIME_S = 600
GRACE_S = 5
WRONG_TRIES_MAX = 5
_OPEN_CODES_MAX = 50
_KEPT_DAYS = 30
_PREFIX = "auth_code_"
_CODE_CHARACTERS_MAX = 128
_INVALID = "Invalid code or code_verifier"
_AGAIN = "Send the user to /auth again."


def issue(
    user_id: int,
    origin: str,
    challenge: Challenge,
    terms: KeyTerms,
    *,
    replaces: bool = False,
    made_by: ApiKey | None = None,
) -> tuple[AuthCode, str]:
    """A new row and the code itself, which exists nowhere else. Raises Conflict."""
    now = timezone.now()
    waiting = AuthCode.objects.filter(user_id=user_id, used_at=None, created_at__gt=_oldest(now))
    if waiting.count() >= _OPEN_CODES_MAX:
        raise Conflict(
            f"There are {_OPEN_CODES_MAX} codes that nobody exchanged yet. Try again in"
            f" {LIFETIME_S // 60} minutes."
        )
    code = _PREFIX + secrets.token_urlsafe(32)
    row = AuthCode.objects.create(
        digest=challenges.sha256(code),
        user_id=user_id,
        app_origin=origin,
        method=challenge.method,
        challenge=challenge.digest,
        limit_nano=terms.limit_nano,
        period=terms.period,
        key_label=terms.label,
        key_expires_at=terms.expires_at,
        replaces=replaces,
        made_by=made_by,
        created_at=now,
    )
    return row, code


def find(code: str) -> AuthCode:
    """The row of a code, whatever became of it; raises Forbidden."""
    row = None
    # What cannot be a code is not looked up.
    if code.startswith(_PREFIX) and len(code) <= _CODE_CHARACTERS_MAX:
        rows = AuthCode.objects.select_related("user", "made_by")
        row = rows.filter(digest=challenges.sha256(code)).first()
    if row is None or not row.user.is_active or (row.made_by and not _is_good(row.made_by)):
        raise _refusal("unknown_code", "there is no such code.")
    return row


def claim(found: AuthCode, verifier: str) -> ApiError | None:
    """Take the code for oneself: None when it is ours now, else why not.

    A refusal is returned and not raised, because what it notes must be committed. In a transaction.
    """
    row = AuthCode.objects.select_for_update().get(pk=found.pk)
    now = timezone.now()
    is_met = Challenge(row.method, row.challenge).is_met_by(verifier)
    if row.used_at is not None:
        return _used(row, is_proven=bool(row.challenge), is_met=is_met)
    if row.created_at <= _oldest(now):
        return Forbidden(
            f"Authorization code expired: it was good for {LIFETIME_S // 60} minutes. {_AGAIN}",
            {"reason": "expired_code"},
        )
    if row.wrong_tries >= WRONG_TRIES_MAX:
        return _refusal("burnt_code", f"it was tried with too many wrong verifiers. {_AGAIN}")
    if not is_met:
        AuthCode.objects.filter(pk=row.pk).update(wrong_tries=F("wrong_tries") + 1)
        return _wrong_verifier(row, verifier)
    # The row is locked; the statement holds by itself where a database cannot lock rows.
    taken = AuthCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now)
    return None if taken else _used(row, is_proven=bool(row.challenge), is_met=True)


def note_key(code: AuthCode, key: ApiKey) -> None:
    """Remember what the exchange made, so that a second one can end it."""
    AuthCode.objects.filter(pk=code.pk).update(key=key)


def prune() -> int:
    """Forget codes of long ago: how many. Until then a used one that comes again ends its key."""
    gone = AuthCode.objects.filter(created_at__lt=timezone.now() - timedelta(days=_KEPT_DAYS))
    return gone.delete()[0]


def _oldest(now: datetime) -> datetime:
    return now - timedelta(seconds=LIFETIME_S)


def _is_good(key: ApiKey) -> bool:
    return not key.disabled and (key.expires_at is None or key.expires_at > timezone.now())


def _used(row: AuthCode, *, is_proven: bool, is_met: bool) -> Forbidden:
    once = "the code was already used. It makes one key, once."
    age = timezone.now() - (row.used_at or timezone.now())
    if not is_met or (is_proven and age <= timedelta(seconds=GRACE_S)) or row.key is None:
        return _refusal("used_code", f"{once} {_AGAIN}")
    key_changes.change(
        row.key, {"disabled": True}, actor="oauth", reason="Its code was exchanged a second time."
    )
    return _refusal(
        "used_code",
        f"{once} As somebody else may have that key, it is disabled now. {_AGAIN}",
    )


def _wrong_verifier(row: AuthCode, verifier: str) -> Forbidden:
    if not row.challenge:
        return _refusal(
            "unexpected_verifier",
            "code_verifier was sent, but the code was asked for without a code_challenge."
            " Send code_challenge to /auth.",
        )
    if not verifier:
        return _refusal(
            "missing_verifier",
            "code_verifier is missing; the code was asked for with a code_challenge.",
        )
    hint = (
        " The challenge is the base64url encoding of the SHA-256 of the verifier's characters."
        if row.method == AuthCode.Method.S256
        else " By the method plain both are the same text."
    )
    left = WRONG_TRIES_MAX - 1 - row.wrong_tries
    return _refusal(
        "wrong_verifier",
        f"code_verifier does not match the code_challenge.{hint} Tries left: {left}.",
    )


def _refusal(reason: str, text: str) -> Forbidden:
    return Forbidden(f"{_INVALID}: {text}", {"reason": reason})
