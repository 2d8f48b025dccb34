"""Whose generations are read: every read of this app begins with one of these."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Scope:
    """One user's; with `key_ids` only what these of his keys made (a member sees his own)."""

    user_id: int
    key_ids: frozenset[int] | None = None

    @property
    def where(self) -> Q:
        """For rows with a user and a key: generations, and sums of them."""
        mine = Q(user_id=self.user_id)
        return mine if self.key_ids is None else mine & Q(key_id__in=sorted(self.key_ids))
