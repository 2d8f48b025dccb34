"""Taking an app out of the rankings: by whoever makes most of its requests, or by the operator.

A referer proves nothing, so nobody is written down as an owner. Who pays for more than half of an
app's requests and of its tokens speaks for it; all that he can do is hide it, and the operator can
undo that, or hide an app for good (rankings.admin).
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.db.models import F, Sum

from accounts.models import User
from activity.models import UsageDay
from rankings import boards
from rankings.identity import identity_of
from rankings.models import RankedApp

OWNED_DAYS = 90


def is_owner(user: User, app: RankedApp) -> bool:
    """Whether the account made more than half of what the app used in the last OWNED_DAYS days."""
    since = datetime.now(UTC).date() - timedelta(days=OWNED_DAYS)
    total = app.days.filter(day__gte=since).aggregate(
        requests=Sum("requests", default=0), tokens=Sum("tokens", default=0)
    )
    own_requests = own_tokens = 0
    usage = UsageDay.objects.filter(
        user=user, begins_at__gte=datetime.combine(since, time.min, UTC)
    )
    named = usage.exclude(app__referer="").exclude(model="")
    sums = named.values("app__referer", "app__title").annotate(
        asked=Sum("requests"), spent=Sum(F("tokens_prompt") + F("tokens_completion"))
    )
    for referer, title, requests, tokens in sums.order_by().values_list(
        "app__referer", "app__title", "asked", "spent"
    ):
        found = identity_of(referer, title)
        if found is not None and found.key == app.identity:
            own_requests += requests
            own_tokens += tokens
    return bool(own_requests * 2 > total["requests"] and own_tokens * 2 > total["tokens"])


def hide_for_owner(app: RankedApp) -> None:
    """Does nothing to an app that the operator hid."""
    RankedApp.objects.filter(pk=app.pk, hidden=False).update(hidden=True, hidden_by_owner=True)
    boards.forget()


def show_for_owner(app: RankedApp) -> None:
    """Does nothing to an app that the operator hid."""
    hidden = RankedApp.objects.filter(pk=app.pk, hidden_by_owner=True)
    hidden.update(hidden=False, hidden_by_owner=False)
    boards.forget()
