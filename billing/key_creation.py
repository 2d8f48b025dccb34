"""A new key with its limit, in one step: for the API, for pages and for what apps exchange."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts import keys
from accounts.models import ApiKey, Member, User
from billing.key_limits import set_limit
from openrouter_site.errors import Conflict

KEYS_MAX = 1_000
MANAGEMENT_KEYS_MAX = 100


class MadeAlready(Exception):
    """The form was sent a second time, by a reload or a double click; `row` is what it made."""

    def __init__(self, row: ApiKey) -> None:
        super().__init__(str(row))
        self.row = row


def create(
    user_id: int,
    name: str,
    *,
    actor: str,
    limit_nano: int | None = None,
    period: str = "",
    expires_at: datetime | None = None,
    allowed_models: Sequence[str] = (),
    app_origin: str = "",
    is_management: bool = False,
    member: Member | None = None,
    form_token: str = "",
) -> tuple[ApiKey, str]:
    """The row, and the key itself, which exists nowhere else.

    A `form_token` makes one key of the account. Raises Conflict, MadeAlready.
    """
    with transaction.atomic():
        # The user's row makes parallel requests take turns, so that the count holds.
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        if form_token and (made := ApiKey.objects.filter(user=user, form_token=form_token).first()):
            raise MadeAlready(made)
        _check_count(user, is_management=is_management)
        row, key = keys.create(
            user,
            name,
            expires_at=expires_at,
            allowed_models=allowed_models,
            app_origin=app_origin,
            is_management=is_management,
            member=member,
            form_token=form_token,
        )
        if limit_nano is not None:
            set_limit(row, limit_nano, period, actor=actor)
    return row, key


def _check_count(user: User, *, is_management: bool) -> None:
    if is_management:
        there = ApiKey.objects.filter(user=user, deleted_at=None, is_management=True).count()
        most, what = MANAGEMENT_KEYS_MAX, "management keys"
    else:
        there, most, what = keys.of_user(user.pk).count(), KEYS_MAX, "keys"
    if there >= most:
        raise Conflict(f"There are {most} {what}, and no more are allowed. Delete some.")
