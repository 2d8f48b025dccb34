"""Stored credentials in Django's admin: entered here, and never shown again.

routing.admin registers it, with the test that asks the provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from catalog import credentials, models
from catalog.admin import LiveAdmin

if TYPE_CHECKING:
    CredentialFormBase = forms.ModelForm[models.Credential]
else:
    CredentialFormBase = forms.ModelForm

_ENTER = "A key; for Google also the JSON of a service account; for AWS ACCESS_KEY_ID:SECRET."
_KEEP = "Leave it empty to keep the one that is stored."


class CredentialForm(CredentialFormBase):
    """The secret goes in and never comes out."""

    secret = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        required=False,
        help_text=_ENTER,
    )

    class Meta:
        model = models.Credential
        fields = ("provider", "label", "position", "enabled")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["secret"].help_text = f"{_ENTER} {_KEEP}"
        else:
            self.fields["secret"].required = True

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        provider = self.cleaned_data.get("provider")
        if provider is None and self.instance.pk:
            provider = self.instance.provider
        if provider is not None and (secret := self.cleaned_data.get("secret")):
            try:
                credentials.check(secret, self.cleaned_data.get("label", ""), provider.auth_kind)
            except forms.ValidationError as error:
                self.add_error("secret", error)
        return cleaned

    def save(self, commit: bool = True) -> models.Credential:
        if secret := self.cleaned_data["secret"]:
            credentials.fill(self.instance, secret)
        return super().save(commit)


class CredentialAdmin(LiveAdmin):
    form = CredentialForm
    list_display = (
        "label", "provider", "ends_in", "position", "state", "last_tested_at", "last_test_result",
    )  # fmt: skip
    list_filter = ("enabled", "provider")
    list_select_related = ("provider",)
    search_fields = ("label", "provider__name", "provider__slug")
    fields = (
        "provider", "label", "secret", "position", "enabled",
        "ends_in", "state", "created_at", "last_tested_at", "last_test_result",
    )  # fmt: skip
    readonly_fields = ("ends_in", "state", "created_at", "last_tested_at", "last_test_result")

    @method_decorator(sensitive_post_parameters("secret"))
    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        answer: HttpResponse = super().changeform_view(request, *args, **options)
        return answer

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A stored secret does not move to another provider, whose address may be anybody's."""
        return (*self.readonly_fields, "provider") if obj else self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Credential]:
        rows: QuerySet[models.Credential] = super().get_queryset(request)
        return rows.select_related("provider")

    @admin.display(description="ends in")
    def ends_in(self, row: models.Credential) -> str:
        return row.ending if row.pk else ""

    @admin.display(description="state")
    def state(self, row: models.Credential) -> str:
        if not row.pk:
            return ""
        if not credentials.is_readable(row):
            return "unreadable: CREDENTIALS_KEY lacks the key it was stored with"
        return "in use" if row.enabled and row.provider.enabled else "switched off"
