"""Inviting members, and taking an invitation back. Accepting one is a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import members
from accounts.access import Seat, check_admins, is_owner
from accounts.member_rows import Role
from accounts.models import Invitation, User
from accounts.reauthentication import recently_authenticated
from openrouter_site.errors import Forbidden
from pages import access
from pages.member_form import InvitationForm
from pages.members import address


@recently_authenticated()
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """`?account=7`: to another's account, for its admins."""
    user = access.person(request)
    account = request.GET.get("account", "")
    seat = access.managed_account(user, account)
    form = InvitationForm(seat, request.POST or None)
    if request.method == "POST" and form.is_valid():
        invited = _invited(form, seat, user.email)
        if invited is not None:
            _tell(request, *invited)
            return redirect(address(seat))
    context = {"form": form, "back": address(seat), "owner": "" if is_owner(seat) else account}
    return render(request, "account/member_invite.html", context)


def _invited(form: InvitationForm, seat: Seat, actor: str) -> tuple[Invitation, str] | None:
    """None when the form has an error after all."""
    chosen = form.cleaned_data
    owner = User.objects.get(pk=seat.user_id)
    try:
        return members.invite(
            owner, chosen["email"], role=chosen.get("role", Role.MEMBER),
            limit_nano=chosen["limit"], period=chosen["period"], invited_by=actor,
            replaces_admins=is_owner(seat),
        )  # fmt: skip
    except members.Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None


def _tell(request: HttpRequest, invitation: Invitation, token: str) -> None:
    if members.send(invitation, token):
        messages.success(request, f"{invitation.email} gets an e-mail with a link.")
        return
    messages.error(
        request,
        f"The e-mail to {invitation.email} could not be sent. Withdraw the invitation, and invite"
        " again when the mail server works.",
    )


@login_required
@require_POST
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    user = access.person(request)
    row = Invitation.objects.filter(pk=invitation_id).first()
    if row is None:
        raise Http404
    seat = access.managed_account(user, str(row.owner_id))
    try:
        check_admins(seat, row.role)
    except Forbidden:
        raise Http404 from None
    members.pending(row.owner_id).filter(pk=row.pk).update(withdrawn_at=timezone.now())
    messages.success(request, f"The invitation of {row.email} is withdrawn.")
    return redirect(address(seat))
