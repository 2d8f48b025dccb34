"""Members and invitations for the operator: to read. `manage.py add_member` makes one.

Owners and admins of the account change them; what they did stays as it was.
"""

from __future__ import annotations

from django.contrib import admin

from accounts.models import Invitation, Member, MemberChange
from openrouter_site.read_only import ReadOnly


class MemberChangeInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = MemberChange
    fields = readonly_fields = ("at", "actor", "what")
    verbose_name_plural = "history"


@admin.register(Member)
class MemberAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "owner", "role", "created_at", "removed_at")
    list_filter = ("role",)
    list_select_related = ("user", "owner")
    search_fields = ("user__email", "owner__email")
    fields = ("user", "owner", "role", "created_at", "removed_at")
    inlines = (MemberChangeInline,)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("email", "owner", "role", "created_at", "expires_at", "accepted_at")
    list_select_related = ("owner",)
    search_fields = ("email", "owner__email")
    exclude = ("digest",)
