"""Apps of the rankings in Django's admin: the operator hides them, and shows them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from rankings import boards
from rankings.models import RankedApp

if TYPE_CHECKING:
    RowAdminBase = admin.ModelAdmin[Any]
else:
    RowAdminBase = admin.ModelAdmin


@admin.register(RankedApp)
class RankedAppAdmin(RowAdminBase):
    """What the operator decided, no owner undoes."""

    list_display = ("__str__", "origin", "hidden", "hidden_by_owner", "titled_on")
    list_filter = ("hidden", "hidden_by_owner")
    search_fields = ("title", "origin")
    ordering = ("origin", "pk")
    fields = ("identity", "origin", "title", "titled_on", "hidden", "hidden_by_owner")
    readonly_fields = ("identity", "origin", "title", "titled_on", "hidden_by_owner")
    actions = ("hide", "show")
    list_per_page = 100
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.hidden_by_owner = False
        super().save_model(request, obj, form, change)
        boards.forget()

    @admin.action(description="Hide", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[RankedApp]) -> None:
        self._switch(request, queryset, hidden=True)

    @admin.action(description="Show", permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[RankedApp]) -> None:
        self._switch(request, queryset, hidden=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[RankedApp], *, hidden: bool) -> None:
        rows = list(queryset)
        count = queryset.update(hidden=hidden, hidden_by_owner=False)
        self._log(request, rows, "Hidden." if hidden else "Shown.")
        boards.forget()
        self.message_user(request, f"{'Hidden' if hidden else 'Shown'}: {count}.")

    def _log(self, request: HttpRequest, rows: list[RankedApp], words: str) -> None:
        """As saving one does, for the audit of what the staff did."""
        for row in rows:
            self.log_change(request, row, words)
