"""Settings, Members: who uses one's account, and the accounts of others that one uses."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access as parts
from accounts import members as changes
from accounts.access import Seat
from accounts.member_rows import Role
from accounts.models import Member, User
from accounts.reauthentication import is_post, recently_authenticated
from billing import member_list
from billing.key_limits import set_member_budget
from pages import access, history
from pages.member_form import MemberForm

_GET_POST = ["GET", "HEAD", "POST"]
_PAGE_SIZE = 50


@login_required
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """`?account=7`: of another's account, for its admins."""
    user = access.person(request)
    seat = access.managed_account(user, request.GET.get("account", ""))
    page = _page(request, seat)
    memberships = list(parts.memberships(user.pk)) if parts.is_owner(seat) else []
    context = {
        "page": page,
        "members": member_list.listed(list(page), timezone.now()),
        "owner": User.objects.get(pk=seat.user_id),
        "is_owner": parts.is_owner(seat),
        "account": "" if parts.is_owner(seat) else seat.user_id,
        "seat": seat,
        "invitations": list(changes.pending(seat.user_id)[:_PAGE_SIZE]),
        "memberships": member_list.listed(memberships, timezone.now()),
    }
    return render(request, "account/members.html", context)


def _page(request: HttpRequest, seat: Seat) -> Page[Member]:
    rows = Member.objects.filter(owner_id=seat.user_id, removed_at=None).select_related("user")
    return Paginator(rows, _PAGE_SIZE).get_page(request.GET.get("page"))


def address(seat: Seat) -> str:
    """Of the list of this account."""
    query = "" if parts.is_owner(seat) else f"?account={seat.user_id}"
    return f"{reverse('pages:members')}{query}"


@recently_authenticated(when=is_post)
@require_http_methods(_GET_POST)
def member(request: HttpRequest, member_id: int) -> HttpResponse:
    """Role and budget of one, and who changed them."""
    user = access.person(request)
    row, seat = _changeable(user, member_id)
    (listed,) = member_list.listed([row], timezone.now())
    form = MemberForm.of(seat, row.role, listed.budget, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _save(row, form, user.email)
        messages.success(request, f"Saved. It holds for the next request of {row.user.email}.")
        return redirect(address(seat))
    context = {
        "member": listed, "form": form, "back": address(seat),
        "history": history.of_member(row),
        "keys": f"{reverse('pages:keys')}?{_keys_query(row, seat)}",
    }  # fmt: skip
    return render(request, "account/member.html", context)


def _keys_query(row: Member, seat: Seat) -> str:
    words = f"q={row.user.email}"
    return words if parts.is_owner(seat) else f"account={seat.user_id}&{words}"


def _changeable(user: User, member_id: int) -> tuple[Member, Seat]:
    """Admins are the owner's to change."""
    row, seat = access.managed_member(user, member_id)
    if row.role == Role.ADMIN and not parts.is_owner(seat):
        raise Http404
    return row, seat


def _save(row: Member, form: MemberForm, actor: str) -> None:
    chosen = form.cleaned_data
    with transaction.atomic():
        set_member_budget(row, chosen["limit"], chosen["period"], actor=actor)
        changes.change_role(row, chosen.get("role", row.role), actor=actor)


@login_required
@require_http_methods(_GET_POST)
def remove(request: HttpRequest, member_id: int) -> HttpResponse:
    user = access.person(request)
    row, seat = _changeable(user, member_id)
    if request.method == "POST":
        changes.remove(row, actor=user.email)
        messages.success(request, f"{row.user.email} is removed; their keys here answer 401 now.")
        return redirect(address(seat))
    (listed,) = member_list.listed([row], timezone.now())
    return render(request, "account/member_remove.html", {"member": listed, "back": address(seat)})


@login_required
@require_http_methods(_GET_POST)
def leave(request: HttpRequest, member_id: int) -> HttpResponse:
    user = access.person(request)
    row = access.membership(user, member_id)
    if request.method == "POST":
        changes.remove(row, actor=user.email)
        messages.success(request, f"You left the account of {row.owner.email}.")
        return redirect("pages:members")
    (listed,) = member_list.listed([row], timezone.now())
    context = {"member": listed, "is_leaving": True, "back": reverse("pages:members")}
    return render(request, "account/member_remove.html", context)
