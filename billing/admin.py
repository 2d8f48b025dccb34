"""The rows of money in Django's admin: to read. Money moves by billing.writer and nothing else;
what an operator may do has pages of its own (billing.operator_pages)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.admin import links
from accounts.models import User
from billing import operator_pages
from billing.book import USER_PREFIX
from billing.credits import account_id
from billing.models import Account, Generation, Hold, KeyBudget, MemberBudget, Transfer
from openrouter_site.money import format_amount
from openrouter_site.read_only import ReadOnly

if TYPE_CHECKING:
    RowAdminBase = admin.ModelAdmin[Any]
else:
    RowAdminBase = admin.ModelAdmin


# So many owners may an e-mail address that is searched for be part of.
_OWNERS_MAX = 100


class ReadOnlyAdmin(ReadOnly, RowAdminBase):
    """Lists and shows rows, of which there may be millions."""

    show_full_result_count = False
    list_per_page = 100

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        try:
            return super().get_object(request, object_id, from_field)
        except OverflowError:
            # SQLite, where the primary key is another row's: Django does not look at its size.
            return None


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
    search_help_text = "user:5, or the owner's e-mail address"
    readonly_fields = ("operations", "related")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operator_pages.money)
        ours = path("<str:account_id>/money/", view, name="billing_account_money")
        return [ours, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """By the owner's e-mail address too, though an account's row does not know it."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if "@" in search_term:
            owners = User.objects.filter(email__icontains=search_term.strip())[:_OWNERS_MAX]
            found = found | queryset.filter(pk__in=[account_id(owner) for owner in owners])
        return found, may_repeat

    def operations(self, account: Account) -> str:
        page = reverse("admin:billing_account_money", args=[account.pk])
        return format_html('<a href="{}">Grant or correct credits</a>', page)

    @admin.display(description="see also")
    def related(self, account: Account) -> str:
        number = account.pk.removeprefix(USER_PREFIX)
        return links(
            ("User", "accounts_user_changelist", f"?id__exact={number}"),
            ("Transfers", "billing_transfer_changelist", f"?q={account.pk}"),
            ("Generations", "billing_generation_changelist", f"?user__id__exact={number}"),
            ("Holds", "billing_hold_changelist", f"?q={account.pk}"),
        )


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
    list_filter = ("is_byok", "streamed", "cancelled", "finish_reason")
    ordering = ("-created_at",)
    readonly_fields = ("operations", "related")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operator_pages.refund)
        ours = path("<str:generation_id>/refund/", view, name="billing_generation_refund")
        return [ours, *super().get_urls()]

    def operations(self, generation: Generation) -> str:
        page = reverse("admin:billing_generation_refund", args=[generation.pk])
        return format_html('<a href="{}">Refund</a>', page)

    @admin.display(description="see also")
    def related(self, generation: Generation) -> str:
        return links(
            ("User", "accounts_user_changelist", f"?id__exact={generation.user_id}"),
            ("Key", "accounts_apikey_changelist", f"?id__exact={generation.key_id or ''}"),
            ("Hold", "billing_hold_changelist", f"?q={generation.pk}"),
            ("Transfers", "billing_transfer_changelist", f"?q={generation.pk}"),
        )


from billing.payments import admin as payment_admin  # noqa: E402, F401
