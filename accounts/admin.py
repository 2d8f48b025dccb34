"""Users and keys for the operator. Keys are minted by `manage.py createkey`, never here."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.http import HttpRequest

from accounts import keys
from accounts.models import ApiKey, User


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
        ("Requests", {"fields": ("default_model", "allow_training", "ignored_providers")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A key may be renamed, disabled and given an end; it cannot be read back or made here."""

    list_display = ("name", "label", "user", "disabled", "created_at", "expires_at")
    list_filter = ("disabled",)
    search_fields = ("name", "label", "user__email")
    list_select_related = ("user",)
    fields = ("user", "name", "label", "disabled", "created_at", "expires_at")
    readonly_fields = ("user", "label", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        # What it spent is part of the books; a disabled key is refused everywhere.
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: object, change: bool) -> None:
        super().save_model(request, obj, form, change)
        keys.forget(obj.digest)
