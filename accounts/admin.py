"""Users and keys for the operator. Keys are minted by `manage.py createkey`, never here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import Field
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts import key_changes
from accounts.forms import DollarsField, ReasonField
from accounts.member_admin import MemberAdmin as MemberAdmin
from accounts.models import ApiKey, KeyChange, User
from accounts.provider_key_admin import ProviderKeyAdmin as ProviderKeyAdmin
from openrouter_site.read_only import ReadOnly


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Django's own, by e-mail address instead of a name."""

    add_form = UserCreationForm
    ordering = ("email",)
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Credits", {"fields": ("credits", "low_balance_nano")}),
        ("Requests", {"fields": ("default_model", "allow_training", "ignored_providers")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields = ("credits", "last_login", "date_joined")

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name == "low_balance_nano":
            return DollarsField(
                required=False,
                label="Low balance $",
                help_text="E-mail when the credits fall below this. 0: never. Empty: as"
                " LOW_BALANCE_CREDITS says.",
            )
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description="credits")
    def credits(self, user: User) -> str:
        # Billing is above this app; its page is known by name only.
        page = reverse("admin:billing_account_money", args=[f"user:{user.pk}"])
        return format_html('<a href="{}">Grant or correct credits</a>', page)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    reason = ReasonField(required=False)

    class Meta:
        model = ApiKey
        fields = ("name", "disabled", "expires_at", "allowed_models")

    def clean_allowed_models(self) -> list[str]:
        return self.cleaned_data["allowed_models"] or []

    def clean_disabled(self) -> bool:
        if self.instance.deleted_at and not self.cleaned_data["disabled"]:
            raise forms.ValidationError("Its user deleted this key; it stays disabled.")
        return bool(self.cleaned_data["disabled"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if set(self.changed_data) - {"reason"} and not cleaned.get("reason"):
            self.add_error("reason", "Say why you change this key.")
        return cleaned


class KeyChangeInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The history of a key, to read."""

    model = KeyChange
    fields = readonly_fields = ("at", "actor", "what", "reason")
    verbose_name_plural = "history"


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A key may be renamed, disabled, restricted and given an end, with a reason; it cannot be read
    back or made here."""

    form = ApiKeyForm
    list_display = (
        "name",
        "label",
        "user",
        "member",
        "is_management",
        "disabled",
        "created_at",
        "expires_at",
    )
    list_filter = ("disabled", "is_management")
    search_fields = ("name", "label", "user__email", "member__user__email")
    list_select_related = ("user", "member__user", "member__owner")
    fields = (
        "user", "member", "name", "label", "is_management", "disabled", "allowed_models", "limit",
        "created_at", "updated_at", "expires_at", "deleted_at", "reason",
    )  # fmt: skip
    readonly_fields = (
        "user", "member", "label", "is_management", "limit", "created_at", "updated_at",
        "deleted_at",
    )  # fmt: skip
    inlines = (KeyChangeInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        # What it spent is part of the books; a disabled key is refused everywhere.
        return False

    @admin.display(description="limit")
    def limit(self, key: ApiKey) -> str:
        page = reverse("admin:billing_keybudget_limit", args=[key.pk])
        return format_html('<a href="{}">See or change what it may spend</a>', page)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        changed = [name for name in form.changed_data if name != "reason"]
        key_changes.change(
            obj,
            {name: form.cleaned_data[name] for name in changed},
            actor=request.user.get_username(),
            reason=form.cleaned_data["reason"],
        )
