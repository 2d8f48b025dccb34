"""Users' own provider keys for the operator: he may switch one off or delete it, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import provider_keys
from accounts.models import ProviderKey

if TYPE_CHECKING:
    ProviderKeyAdminBase = admin.ModelAdmin[ProviderKey]
else:
    ProviderKeyAdminBase = admin.ModelAdmin


@admin.register(ProviderKey)
class ProviderKeyAdmin(ProviderKeyAdminBase):
    """The secret is not here: it never leaves the row but to its provider."""

    list_display = (
        "user", "provider", "ends_in", "name", "position", "never_fall_back", "disabled",
        "last_tested_at", "last_test_result",
    )  # fmt: skip
    list_filter = ("disabled", "provider")
    list_select_related = ("user", "provider")
    search_fields = ("user__email", "provider__slug", "name")
    fields = (
        "user", "provider", "ends_in", "name", "position", "sort_order", "never_fall_back",
        "disabled", "created_at", "last_tested_at", "last_test_result",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "disabled")

    @admin.display(description="ends in")
    def ends_in(self, row: ProviderKey) -> str:
        return row.ending

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ProviderKey, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        provider_keys.forget(obj.user_id)

    def delete_model(self, request: HttpRequest, obj: ProviderKey) -> None:
        provider_keys.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProviderKey]) -> None:
        for row in queryset:
            provider_keys.delete(row)
