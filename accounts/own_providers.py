"""A user's own keys at providers, as the data plane knows them (accounts.keys loads them).

They stay encrypted until a request needs one, and no `repr` shows them.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.models import ProviderKey
from catalog import encryption
from catalog.credentials import ProviderCredential

logger = logging.getLogger(__name__)

# What was told to be unreadable, as it was.
_told: set[str] = set()


@dataclass(slots=True, eq=False)
class OwnKey:
    """One key. A new secret makes another `id`: what providers said of the old one is no matter."""

    id: str
    label: str
    encrypted: str = field(repr=False)
    _decrypted: ProviderCredential | None = field(default=None, repr=False)

    def credential(self) -> ProviderCredential | None:
        """None when it cannot be decrypted."""
        if self._decrypted is None:
            try:
                secret = encryption.decrypt(self.encrypted)
            except encryption.Unreadable:
                self._tell_unreadable()
                return None
            self._decrypted = ProviderCredential(self.id, self.label, "own", secret)
        return self._decrypted

    def _tell_unreadable(self) -> None:
        if self.id not in _told:
            _told.add(self.id)
            logger.error(
                "a user's own provider key (%s) cannot be decrypted and is not used:"
                " CREDENTIALS_KEY lacks the key it was stored with", self.id,
            )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OwnProvider:
    """A user's keys at one provider: those tried before ours, those after.

    `never_fall_back`: ours are never used there for this user.
    """

    before: tuple[OwnKey, ...]
    after: tuple[OwnKey, ...]
    never_fall_back: bool


def load(user_id: int) -> Mapping[str, OwnProvider]:
    """Those in use, by the provider's slug. Reads the database."""
    rows: dict[str, list[ProviderKey]] = {}
    found = ProviderKey.objects.filter(user_id=user_id, disabled=False).select_related("provider")
    for row in found.order_by("sort_order", "pk"):
        rows.setdefault(row.provider.slug, []).append(row)
    return {slug: _own_provider(several) for slug, several in rows.items()}


def _own_provider(rows: list[ProviderKey]) -> OwnProvider:
    first = [row.position == ProviderKey.Position.BEFORE for row in rows]
    keys = [own_key(row) for row in rows]
    return OwnProvider(
        before=tuple(key for key, before in zip(keys, first, strict=True) if before),
        after=tuple(key for key, before in zip(keys, first, strict=True) if not before),
        never_fall_back=any(row.never_fall_back for row in rows),
    )


def own_key(row: ProviderKey) -> OwnKey:
    version = zlib.crc32(row.encrypted.encode())
    return OwnKey(f"own:{row.pk}:{version:08x}", row.name or row.ending, row.encrypted)
