"""Users and keys for the operator. Keys are minted by `manage.py createkey`, never here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts import deactivation, key_changes, keys
from accounts.forms import DollarsField, ReasonField
from accounts.member_admin import MemberAdmin as MemberAdmin
from accounts.models import ApiKey, KeyChange, User
from accounts.provider_key_admin import ProviderKeyAdmin as ProviderKeyAdmin
from accounts.sign_up_admin import SignUpInvitationAdmin as SignUpInvitationAdmin
from openrouter_site.read_only import ReadOnly


def links(*pages: tuple[str, str, str]) -> str:
    """Words, name and query of pages of the admin; of those above this app by name only."""
    shown = [(reverse(f"admin:{name}") + query, words) for words, name, query in pages]
    return format_html_join(" \u00b7 ", '<a href="{}">{}</a>', shown)


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
        ("Credits", {"fields": ("credits", "low_balance_nano", "related")}),
        (
            "Requests",
            {
                "fields": (
                    "default_model",
                    "allow_training",
                    "allow_retention",
                    "ignored_providers",
                    "middle_out",
                )
            },
        ),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields = ("credits", "related", "last_login", "date_joined")
    actions = ("disable", "enable")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # What they did is part of the books and of the audit log; disabled, they can do nothing.
        return False

    @admin.action(description="Disable: end their keys and sessions", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        users = [user for user in queryset.filter(is_active=True) if user != request.user]
        self._switch(request, users, is_active=False)
        if request.user in queryset:
            self.message_user(request, "You cannot disable yourself.", messages.WARNING)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._switch(request, list(queryset.filter(is_active=False)), is_active=True)

    def _switch(self, request: HttpRequest, users: list[User], *, is_active: bool) -> None:
        for user in users:
            if is_active:
                User.objects.filter(pk=user.pk).update(is_active=True)
                self._forget_keys(user)
            else:
                deactivation.deactivate(user)
            self.log_change(request, user, [{"changed": {"fields": ["is_active"]}}])
        self.message_user(request, f"{'Enabled' if is_active else 'Disabled'}: {len(users)}.")

    def _forget_keys(self, user: User) -> None:
        """Here at once; other processes see it within settings.KEY_TTL_S."""
        theirs = ApiKey.objects.filter(Q(user=user) | Q(member__user=user))
        for digest in theirs.values_list("digest", flat=True):
            keys.forget(digest)

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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and not obj.is_active and "is_active" in form.changed_data:
            deactivation.deactivate(obj)
        self._forget_keys(obj)

    @admin.display(description="credits")
    def credits(self, user: User) -> str:
        # Billing is above this app; its page is known by name only.
        page = reverse("admin:billing_account_money", args=[f"user:{user.pk}"])
        return format_html('<a href="{}">Grant or correct credits</a>', page)

    @admin.display(description="see also")
    def related(self, user: User) -> str:
        return links(
            ("Keys", "accounts_apikey_changelist", f"?user__id__exact={user.pk}"),
            ("Account", "billing_account_changelist", f"?q=user:{user.pk}"),
            ("Transfers", "billing_transfer_changelist", f"?q=user:{user.pk}"),
            ("Generations", "billing_generation_changelist", f"?user__id__exact={user.pk}"),
            ("Payments", "billing_checkout_changelist", f"?user__id__exact={user.pk}"),
        )


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
        "is_playground",
        "disabled",
        "created_at",
        "expires_at",
    )
    list_filter = ("disabled", "is_management", "is_playground")
    search_fields = ("name", "label", "user__email", "member__user__email")
    list_select_related = ("user", "member__user", "member__owner")
    fields = (
        "user", "member", "name", "label", "is_management", "is_playground", "disabled",
        "allowed_models", "limit", "related", "app_origin", "created_at", "updated_at",
        "expires_at", "deleted_at", "reason",
    )  # fmt: skip
    readonly_fields = (
        "user", "member", "label", "is_management", "is_playground", "limit", "related",
        "app_origin", "created_at",
        "updated_at",
        "deleted_at",
    )  # fmt: skip
    inlines = (KeyChangeInline,)
    actions = ("revoke",)
    list_per_page = 100
    show_full_result_count = False

    @admin.action(description="Revoke: nobody can use them from now on", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        actor = request.user.get_username()
        revoked = [
            key_changes.change(key, {"disabled": True}, actor=actor, reason="revoked in the list")
            for key in queryset
        ]
        self.message_user(request, f"Revoked: {sum(revoked)}.")

    @admin.display(description="see also")
    def related(self, key: ApiKey) -> str:
        return links(
            ("User", "accounts_user_changelist", f"?id__exact={key.user_id}"),
            ("Generations", "billing_generation_changelist", f"?key__id__exact={key.pk}"),
        )

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
