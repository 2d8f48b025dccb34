"""Members and invitations for the operator: to read. `manage.py add_member` makes one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import Invitation, Member, MemberChange


class _ToRead:
    """Owners and admins of the account change them; what they did stays as it was."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MemberChangeInline(_ToRead, admin.TabularInline):  # type: ignore[type-arg]
    model = MemberChange
    fields = readonly_fields = ("at", "actor", "what")
    verbose_name_plural = "history"


@admin.register(Member)
class MemberAdmin(_ToRead, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "owner", "role", "created_at", "removed_at")
    list_filter = ("role",)
    list_select_related = ("user", "owner")
    search_fields = ("user__email", "owner__email")
    fields = ("user", "owner", "role", "created_at", "removed_at")
    inlines = (MemberChangeInline,)


@admin.register(Invitation)
class InvitationAdmin(_ToRead, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("email", "owner", "role", "created_at", "expires_at", "accepted_at")
    list_select_related = ("owner",)
    search_fields = ("email", "owner__email")
    exclude = ("digest",)
