"""The history of a member: who changed the role or the budget, when, what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import Member, MemberChange


def note(member: Member, what: Mapping[str, list[Any]], *, actor: str) -> None:
    """Each field with its old and its new value."""
    MemberChange.objects.create(member=member, actor=actor[:120], what=what)
