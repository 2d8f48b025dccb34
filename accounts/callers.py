"""Somebody at a page, as routing would know him with a key: to show where his requests would go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from accounts import own_providers
from accounts.models import User
from accounts.own_providers import OwnProvider


@dataclass(frozen=True, slots=True)
class Caller:
    """What a new key of theirs would allow (accounts.keys.Key); who is not signed in forbids
    nothing."""

    default_model: str
    allow_training: bool = True
    allow_retention: bool = True
    ignored_providers: frozenset[str] = frozenset()
    middle_out: bool = True
    allowed_models: frozenset[str] = frozenset()
    own_providers: Mapping[str, OwnProvider] = field(
        default_factory=dict, repr=False, compare=False
    )


def caller(user: User | None) -> Caller:
    """Reads the database for who is signed in, and raises its errors."""
    if user is None:
        return Caller(settings.DEFAULT_MODEL)
    return Caller(
        default_model=user.default_model or settings.DEFAULT_MODEL,
        allow_training=user.allow_training,
        allow_retention=user.allow_retention,
        ignored_providers=frozenset(user.ignored_providers or ()),
        middle_out=user.middle_out,
        own_providers=own_providers.load(user.pk),
    )
