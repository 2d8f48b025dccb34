"""/invitations/<token>: becoming a member of somebody's account."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import members, sign_up
from accounts.models import Invitation, Member, User
from billing.membership import join
from billing.models import MemberBudget
from ui import format


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites, and the button; for somebody else, or nobody, how to come as the right one."""
    try:
        invitation = members.look(token)
    except members.NotInvited as reason:
        return render(request, "account/invitation_over.html", {"reason": reason}, status=404)
    user = request.user
    if not user.is_authenticated or user.email != invitation.email:
        return _come_as_invited(request, invitation)
    if request.method == "POST":
        return _joined(request, token, user)
    known = {"invitation": invitation, "limit": _shown(invitation.limit_nano)}
    return render(request, "account/invitation.html", known)


def _joined(request: HttpRequest, token: str, user: User) -> HttpResponse:
    try:
        member = join(token, user)
    except members.NotInvited as reason:
        return render(request, "account/invitation_over.html", {"reason": reason}, status=404)
    return redirect("pages:membership", member_id=member.pk)


def _come_as_invited(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    here = {"next": request.path}
    known = {
        "invitation": invitation,
        "login_url": f"{reverse('account_login')}?{urlencode(here)}",
        "sign_up_url": f"{reverse('account_signup')}?"
        + urlencode({**here, "email": invitation.email}),
        "can_sign_up": sign_up.is_open(),
    }
    if request.method == "POST":
        return HttpResponseRedirect(request.path)
    return render(request, "account/invitation_visitor.html", known)


@require_safe
@login_required
def membership(request: HttpRequest, member_id: int) -> HttpResponse:
    """What a member can do now."""
    assert isinstance(request.user, User)
    mine = Member.objects.filter(user=request.user, removed_at=None).select_related("owner")
    member = get_object_or_404(mine, pk=member_id)
    budget = MemberBudget.objects.filter(member=member).first()
    known = {
        "member": member,
        "budget": budget,
        "limit": _shown(budget.limit_nano if budget else None),
    }
    return render(request, "account/membership.html", known)


def _shown(limit_nano: int | None) -> str:
    return "" if limit_nano is None else format.money(limit_nano)
