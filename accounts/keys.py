"""API keys: mint, check offline, authenticate.

A key is `sk-or-v1-` + 56 random hex digits + 8 hex digits of their CRC32 (spec/decisions.md), so
junk is refused without a look-up. Kept at rest: the SHA-256 of the whole key, nothing else.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet

from accounts import own_providers
from accounts.member_rows import OWNER
from accounts.models import ApiKey, Member, User
from accounts.own_providers import OwnProvider
from openrouter_site.cell import CellMap
from openrouter_site.database import orm_connection
from openrouter_site.errors import Forbidden, Unauthorized, Unavailable

PREFIX = "sk-or-v1-"
_SHAPE = re.compile(r"sk-or-v1-[0-9a-f]{64}")
_KEYS_IN_MEMORY = 10_000

# One text for every key that is refused, so that nobody can tell which part was wrong.
REFUSED = "User not found."
MISSING = "No auth credentials found"
MANAGEMENT_ONLY = "This is a management key: it manages keys and cannot call models."


@dataclass(frozen=True, slots=True)
class Key:
    """Who calls, as the data plane knows him. `account_id` is the ledger account he spends from.

    `user_id` owns that account. A member of it who is not the owner has a `member_id`; `holder_id`
    is the user who has this key, whichever he is.
    """

    id: int
    digest: str
    name: str
    label: str
    user_id: int
    account_id: str
    default_model: str
    allow_training: bool
    allow_retention: bool
    ignored_providers: frozenset[str]
    created_at_s: float
    expires_at_s: float | None
    is_management: bool = False
    middle_out: bool = True
    log_prompts: bool = False
    allowed_models: frozenset[str] = frozenset()
    member_id: int | None = None
    holder_id: int = 0
    role: str = OWNER
    own_providers: Mapping[str, OwnProvider] = field(
        default_factory=dict, repr=False, compare=False
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """Remembered for a moment too, so that a wrong key does not reach the database each time."""


def mint() -> str:
    """A new key. Shown once, never kept."""
    random = secrets.token_hex(28)
    return f"{PREFIX}{random}{zlib.crc32(random.encode()):08x}"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def label(key: str) -> str:
    """The first and last three digits, as everyone shows them: sk-or-v1-abc...xyz."""
    return f"{PREFIX}{key[len(PREFIX) : len(PREFIX) + 3]}...{key[-3:]}"


def is_well_formed(key: str) -> bool:
    """Shape and checksum, no look-up."""
    if not _SHAPE.fullmatch(key):
        return False
    random, checksum = key[len(PREFIX) : -8], key[-8:]
    return f"{zlib.crc32(random.encode()):08x}" == checksum


def create(
    user: User,
    name: str = "API key",
    *,
    expires_at: datetime | None = None,
    is_management: bool = False,
    allowed_models: Sequence[str] = (),
    member: Member | None = None,
    app_origin: str = "",
    form_token: str = "",
) -> tuple[ApiKey, str]:
    """A new key row of this user, and the key itself, which exists nowhere else.

    `member` has it, if it is not the user's own.
    """
    if member is not None and member.owner_id != user.pk:
        raise ValueError("a member's key spends from the account he is a member of")
    key = mint()
    row = ApiKey.objects.create(
        user=user, name=name, digest=digest(key), label=label(key), expires_at=expires_at,
        is_management=is_management, allowed_models=list(allowed_models), member=member,
        app_origin=app_origin, form_token=form_token,
    )  # fmt: skip
    return row, key


def of_user(user_id: int) -> QuerySet[ApiKey]:
    """Those that can be managed: not what its owner deleted, no management key, and not the
    Playground's."""
    return ApiKey.objects.filter(
        user_id=user_id, deleted_at=None, is_management=False, is_playground=False
    )


def _load(key_digest: str) -> Key | Refused:
    with orm_connection():
        found = ApiKey.objects.select_related("user", "member__user")
        row = found.filter(digest=key_digest).first()
        own = {} if row is None else own_providers.load(row.user_id)
    if row is None or row.disabled or not row.user.is_active:
        return Refused()
    member = row.member
    if member is not None and (member.removed_at is not None or not member.user.is_active):
        return Refused()
    return Key(
        id=row.pk,
        digest=row.digest,
        name=row.name,
        label=row.label,
        user_id=row.user_id,
        account_id=f"user:{row.user_id}",
        default_model=row.user.default_model or settings.DEFAULT_MODEL,
        allow_training=row.user.allow_training,
        allow_retention=row.user.allow_retention,
        ignored_providers=frozenset(row.user.ignored_providers or ()),
        created_at_s=row.created_at.timestamp(),
        expires_at_s=row.expires_at.timestamp() if row.expires_at else None,
        is_management=row.is_management,
        middle_out=row.user.middle_out,
        log_prompts=row.user.log_prompts,
        allowed_models=frozenset(row.allowed_models or ()),
        member_id=row.member_id,
        holder_id=member.user_id if member else row.user_id,
        role=member.role if member else OWNER,
        own_providers=own,
    )


_keys: CellMap[Key | Refused] = CellMap(
    _load, ttl_s=settings.KEY_TTL_S, stale_s=settings.KEY_TTL_S, size=_KEYS_IN_MEMORY
)


def _presented(authorization: str | None) -> str:
    """The digest of the key in an Authorization header; raises Unauthorized."""
    if not authorization:
        raise Unauthorized(MISSING)
    scheme, _, key = authorization.partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized(MISSING)
    if not is_well_formed(key):
        raise Unauthorized(REFUSED)
    return digest(key)


def _admitted(found: Key | Refused) -> Key:
    if isinstance(found, Refused) or (
        found.expires_at_s is not None and time.time() >= found.expires_at_s
    ):
        raise Unauthorized(REFUSED)
    return found


_DOWN = "Keys cannot be checked right now. Try again shortly."


async def authenticate(authorization: str | None) -> Key:
    """The caller of an inference request.

    Raises Unauthorized, Forbidden for a management key, or Unavailable when no one can tell.
    """
    key = await known(_presented(authorization))
    if key.is_management:
        raise Forbidden(
            MANAGEMENT_ONLY, {"remedy_hint": "Make a key with POST /api/v1/keys and use that."}
        )
    return key


async def known(key_digest: str) -> Key:
    """The key of this digest, from memory where it was asked for a moment ago.

    Raises Unauthorized, or Unavailable when no one can tell.
    """
    found = _keys.fresh(key_digest)
    if found is None:
        try:
            found = await _keys.get(key_digest)
        except DatabaseError:
            raise Unavailable(_DOWN, retry_after_s=2) from None
    return _admitted(found)


def authenticate_blocking(authorization: str | None) -> Key:
    """The caller of any other request, by whatever kind of key, for synchronous views."""
    key_digest = _presented(authorization)
    try:
        found = _keys.get_blocking(key_digest)
    except DatabaseError:
        raise Unavailable(_DOWN, retry_after_s=2) from None
    return _admitted(found)


def forget(key_digest: str) -> None:
    """Drop what this process remembers of a key, after it was changed here."""
    _keys.forget(key_digest)
