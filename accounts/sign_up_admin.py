"""Whom the operator invites to sign up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from accounts import sign_up
from accounts.models import SignUpInvitation


@admin.register(SignUpInvitation)
class SignUpInvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adding one sends the e-mail; deleting one takes it back."""

    list_display = ("email", "invited_by", "created_at")
    search_fields = ("email",)
    fields = ("email",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: SignUpInvitation, form: Any, change: bool
    ) -> None:
        obj.email = obj.email.strip().lower()
        obj.invited_by = request.user.get_username()
        super().save_model(request, obj, form, change)
        if not sign_up.send(obj):
            messages.warning(
                request,
                f"The e-mail was not sent. Pass this on: {sign_up.sign_up_url(obj.email)}",
            )
