"""Settings, Keys: the list, in the person's own account and in those he is a member of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import access as parts
from accounts.access import Seat
from accounts.models import ApiKey, Member, User
from billing import key_list
from billing.key_list import ListedKey
from catalog import live
from pages import access, examples
from ui import site_address, snippets

PAGE_SIZE = 50
_ELSEWHERE_MAX = 50
_WORDS_CHARACTERS_MAX = 100
_HEADS = (
    ("name", "Name"), ("spend", "Spent"), ("used", "Last used"), ("expires", "Expires"),
    ("created", "Created"),
)  # fmt: skip
# These begin with what is first, or soonest; the others with the most and the newest.
_ASCENDING_FIRST = {"name", "expires"}


@dataclass(frozen=True, slots=True)
class Order:
    """`?sort=-spend`: the name of the order, with a minus from high to low."""

    name: str
    descending: bool

    @classmethod
    def of(cls, query: QueryDict) -> Order:
        text = query.get("sort", "")
        name = text.removeprefix("-")
        if name not in key_list.ORDERS:
            return cls("created", descending=True)
        return cls(name, descending=text.startswith("-"))

    def link_to(self, name: str) -> str:
        """What `sort` becomes by a click on a head."""
        if name == self.name:
            return name if self.descending else f"-{name}"
        return name if name in _ASCENDING_FIRST else f"-{name}"

    def direction(self, name: str) -> str:
        if name != self.name:
            return ""
        return "descending" if self.descending else "ascending"


@login_required
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    user, now = access.person(request), timezone.now()
    seat = access.seat(user, request.GET.get("account", ""))
    order, words = Order.of(request.GET), _words(request.GET)
    found = key_list.matching(parts.visible_keys(seat), words)
    page = _page(request, found, order)
    memberships = list(parts.memberships(user.pk))
    context = {
        "page": page,
        "keys": key_list.listed(page.object_list, now),
        "heads": {name: _head(name, label, order) for name, label in _HEADS},
        "words": words,
        "is_own": parts.is_owner(seat),
        "account": _account(memberships, seat),
        "holder": seat.member_id or "",
        "elsewhere": _elsewhere(memberships, now) if parts.is_owner(seat) and not words else [],
        "example": _example(request, user),
    }
    return render(request, "account/keys.html", context)


def _words(query: QueryDict) -> str:
    """What is searched for; no database takes what is not printable."""
    return "".join(each for each in query.get("q", "") if each.isprintable())[
        :_WORDS_CHARACTERS_MAX
    ].strip()


def _page(request: HttpRequest, found: QuerySet[ApiKey], order: Order) -> Page[ApiKey]:
    rows = key_list.ordered(found, order.name, descending=order.descending)
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def _head(name: str, label: str, order: Order) -> dict[str, str]:
    return {"label": label, "sort": order.link_to(name), "direction": order.direction(name)}


def _account(memberships: list[Member], seat: Seat) -> str:
    """Whose account it is, if it is another's."""
    return next((row.owner.email for row in memberships if row.pk == seat.member_id), "")


def _elsewhere(memberships: list[Member], now: datetime) -> list[tuple[Member, list[ListedKey]]]:
    """The newest keys the person has in the accounts of others, by account; those without any too,
    because keys can be made there."""
    rows = ApiKey.objects.filter(member__in=memberships, deleted_at=None)
    rows = rows.select_related("member__user")[:_ELSEWHERE_MAX] if memberships else rows.none()
    by_member: dict[int | None, list[ListedKey]] = {row.pk: [] for row in memberships}
    for key in key_list.listed(rows, now):
        by_member[key.row.member_id].append(key)
    return [(row, by_member[row.pk]) for row in memberships]


def _example(request: HttpRequest, user: User) -> str:
    example = examples.chosen(live.catalog(), user)
    return snippets.curl(site_address.base_url(request), example.model)
