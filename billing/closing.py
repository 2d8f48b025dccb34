"""A person leaves: what is theirs goes, what the books need stays without saying whose it was.

Stays: transfers, payments and generations, under the number of the account, and who has been a
member where. Goes: the e-mail address and the name, all keys with their names, provider keys,
prompts, settings, ways to sign in, sessions, and every other row that points at the user: tables
that come later need no word here. Nothing of it can be undone.
"""

from __future__ import annotations

import secrets
from datetime import UTC
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from accounts import kept_prompts, keys, members
from accounts.models import (
    ApiKey,
    Invitation,
    KeyChange,
    Member,
    MemberChange,
    User,
)
from billing.credits import account_id
from billing.models import Checkout, Generation, Hold, LateHour

# The only name that the audit log lets somebody become (doctor.migrations.0002).
NOBODY = "a closed account"
# Their rows are part of the books, or of somebody else's history, and name the user by number only.
KEPT = frozenset(
    {
        "accounts.apikey",
        "accounts.member",
        "admin.logentry",
        "billing.checkout",
        "billing.generation",
        "billing.paymentrefund",
    }
)
_ROWS_AT_ONCE = 1_000


class LastOperator(Exception):
    """Nobody else could run this server."""


def close(user: User) -> None:
    """Raises LastOperator. Afterwards nobody can sign in, and no key works, in any process."""
    digests = list(_keys(user).values_list("digest", flat=True))
    email = user.email
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
        if user.is_superuser and not others.exists():
            raise LastOperator
        kept_prompts.erase(user.pk)
        _leave_accounts(user)
        _close_keys(user)
        _delete_the_rest(user)
        _forget_name(user, email)
        _clear(user)
    for digest in digests:
        keys.forget(digest)
    _end_sessions(user.pk)
    scrub(user.pk, pages=2)


def _keys(user: User) -> models.QuerySet[ApiKey]:
    return ApiKey.objects.filter(Q(user=user) | Q(member__user=user))


def _leave_accounts(user: User) -> None:
    """Their own members lose their keys there; they lose theirs in the accounts of others."""
    involved = Member.objects.filter(Q(owner=user) | Q(user=user), removed_at=None)
    for member in involved.select_related("user", "owner"):
        members.remove(member, actor=NOBODY)


def _close_keys(user: User) -> None:
    """The rows stay, since what they spent is in the books; they are nobody's key any more."""
    now = timezone.now()
    for row in _keys(user):
        # A hash that no key has: also who still knows the key finds nothing by it.
        ApiKey.objects.filter(pk=row.pk).update(
            digest=secrets.token_hex(32), label="", name="", disabled=True,
            deleted_at=row.deleted_at or now, updated_at=now, allowed_models=[],
        )  # fmt: skip
    KeyChange.objects.filter(key__in=_keys(user)).delete()


def _delete_the_rest(user: User) -> None:
    Checkout.objects.filter(user=user).update(url="", receipt_url="")
    for relation in pointing_at_users():
        if relation.related_model._meta.label_lower not in KEPT:
            rows = relation.related_model._base_manager
            rows.filter(**{relation.field.name: user.pk}).delete()
    user.groups.clear()
    user.user_permissions.clear()


def pointing_at_users() -> list[Any]:
    """The relations by which rows of any table point at a user, hidden ones too."""
    fields = User._meta.get_fields(include_hidden=True)
    return [each for each in fields if each.auto_created and (each.one_to_many or each.one_to_one)]


def _forget_name(user: User, email: str) -> None:
    """The histories of others, and what waits to be sent, name people by their address."""
    Invitation.objects.filter(email=email).delete()
    Invitation.objects.filter(invited_by=email).update(invited_by=NOBODY)
    KeyChange.objects.filter(actor=email).update(actor=NOBODY)
    MemberChange.objects.filter(actor=email).update(actor=NOBODY)
    log = apps.get_model("admin", "LogEntry")
    log.objects.filter(content_type__model="user", object_id=str(user.pk)).update(object_repr="")


def _clear(user: User) -> None:
    """Every column as it is in a new row, but for what says that there was an account."""
    now = timezone.now()
    blank = User(
        email=f"closed-{user.pk}@closed.invalid", date_joined=user.date_joined, is_active=False,
        closed_at=now, prompts_erased_at=now, low_balance_nano=0,
    )  # fmt: skip
    blank.set_unusable_password()
    columns = {
        field.attname: getattr(blank, field.attname)
        for field in User._meta.concrete_fields
        if not field.primary_key
    }
    User.objects.filter(pk=user.pk).update(**columns)


def _end_sessions(user_id: int) -> None:
    """None of them lets anybody in any more; here they go. They cannot be found but one by one."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user_id):
            session.delete()


# --- What was said of the person in their requests ------------------------------------------------


def scrub_all() -> int:
    """For all who left; how many are done now. Safe to run several times at once."""
    left = User.objects.filter(closed_at__isnull=False, scrubbed_at=None)
    return sum(scrub(pk) for pk in left.values_list("pk", flat=True))


def scrub(user_id: int, pages: int | None = None) -> bool:
    """Take apps, parameters and providers' words out of the generations of a closed account.

    Whether it is done: not while a request of theirs runs, nor when `pages` were too few.
    """
    if not _scrubbed(user_id, pages):
        return False
    account = account_id(User(pk=user_id))
    if Hold.objects.filter(account_id=account).exists():
        # It runs, or its hold still says which app it was; closed holds are pruned after some days.
        return False
    _sum_again(user_id)
    User.objects.filter(pk=user_id, scrubbed_at=None).update(scrubbed_at=timezone.now())
    return True


def _sum_again(user_id: int) -> None:
    """Sums of usage named the apps too, and went with the account; now they say no app."""
    hours = Generation.objects.filter(user_id=user_id).annotate(
        hour=TruncHour("created_at", tzinfo=UTC)
    )
    LateHour.objects.bulk_create(
        [
            LateHour(user_id=user_id, hour=hour)
            for hour in hours.order_by("hour").values_list("hour", flat=True).distinct()
        ],
        batch_size=_ROWS_AT_ONCE,
    )


def _scrubbed(user_id: int, pages: int | None) -> bool:
    rows = Generation.objects.filter(user_id=user_id).exclude(
        app_referer="", app_title="", user_agent="", upstream_id="", parameters="", attempts="[]"
    )
    following = rows = rows.order_by("created_at", "pk")
    while page := list(following.values_list("created_at", "pk")[:_ROWS_AT_ONCE]):
        if pages is not None:
            if pages == 0:
                return False
            pages -= 1
        Generation.objects.filter(pk__in=[pk for _, pk in page]).update(
            app_referer="", app_title="", user_agent="", upstream_id="", parameters="",
            attempts="[]",
        )  # fmt: skip
        # What is done need not be looked through again.
        following = rows.filter(created_at__gte=page[-1][0])
    return True
