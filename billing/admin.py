"""The rows of money in Django's admin: to read. Money moves by billing.writer and nothing else;
what an operator may do has pages of its own (billing.operator_pages)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from billing import operator_pages
from billing.models import Account, Generation, Hold, KeyBudget, MemberBudget, Transfer
from openrouter_site.money import format_amount
from openrouter_site.read_only import ReadOnly

if TYPE_CHECKING:
    RowAdminBase = admin.ModelAdmin[Any]
else:
    RowAdminBase = admin.ModelAdmin


class ReadOnlyAdmin(ReadOnly, RowAdminBase):
    """Lists and shows rows, of which there may be millions."""

    show_full_result_count = False
    list_per_page = 100


def dollars_column(name: str) -> Any:
    """A column that shows the nano-dollars of field `name` as dollars."""

    @admin.display(description=f"{name.removesuffix('_nano').replace('_', ' ')} $", ordering=name)
    def column(row: models.Model) -> str:
        amount_nano = getattr(row, name)
        return "-" if amount_nano is None else format_amount(amount_nano)

    return column


_BUDGET_COLUMNS = (
    dollars_column("limit_nano"), "period", "period_start", dollars_column("spent_nano"),
    dollars_column("spent_total_nano"), dollars_column("held_nano"),
)  # fmt: skip


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", dollars_column("posted_nano"), dollars_column("held_nano"), "frozen")
    list_filter = ("frozen",)
    search_fields = ("id",)
    readonly_fields = ("operations",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operator_pages.money)
        ours = path("<str:account_id>/money/", view, name="billing_account_money")
        return [ours, *super().get_urls()]

    def operations(self, account: Account) -> str:
        page = reverse("admin:billing_account_money", args=[account.pk])
        return format_html('<a href="{}">Grant or correct credits</a>', page)


@admin.register(KeyBudget)
class KeyBudgetAdmin(ReadOnlyAdmin):
    list_display = ("key", *_BUDGET_COLUMNS)
    list_filter = ("period",)
    list_select_related = ("key",)
    search_fields = ("key__label", "key__name", "key__user__email")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operator_pages.limit)
        ours = path("<int:key_id>/limit/", view, name="billing_keybudget_limit")
        return [ours, *super().get_urls()]


@admin.register(MemberBudget)
class MemberBudgetAdmin(ReadOnlyAdmin):
    list_display = ("member", *_BUDGET_COLUMNS)
    list_filter = ("period",)
    list_select_related = ("member__user", "member__owner")
    search_fields = ("member__user__email", "member__owner__email")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "account_id", dollars_column("amount_nano"), "state", dollars_column("charged_nano"),
        "created_at",
    )  # fmt: skip
    list_filter = ("state",)
    search_fields = ("id", "account_id")
    ordering = ("-created_at",)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "debit", "credit", dollars_column("amount_nano"), "kind", "ref", "reason", "actor",
        "created_at",
    )  # fmt: skip
    list_filter = ("kind",)
    search_fields = ("id", "debit", "credit", "ref", "actor")
    ordering = ("-created_at",)


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "user", "model", "provider_name", "tokens_prompt", "tokens_completion",
        dollars_column("cost_nano"), "is_byok", "finish_reason", "created_at",
    )  # fmt: skip
    list_select_related = ("user",)
    search_fields = ("id", "user__email", "model")
    ordering = ("-created_at",)
    readonly_fields = ("operations",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operator_pages.refund)
        ours = path("<str:generation_id>/refund/", view, name="billing_generation_refund")
        return [ours, *super().get_urls()]

    def operations(self, generation: Generation) -> str:
        page = reverse("admin:billing_generation_refund", args=[generation.pk])
        return format_html('<a href="{}">Refund</a>', page)


from billing.payments import admin as payment_admin  # noqa: E402, F401
