"""The catalog in Django's admin. What is saved here is live in every process within seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from catalog import addresses, credentials, editing, models
from catalog.prices import parse_per_million, per_million
from openrouter_site.money import format_price, parse_price
from openrouter_site.read_only import ReadOnly

if TYPE_CHECKING:
    RowAdminBase = admin.ModelAdmin[Any]
    EndpointInlineBase = admin.TabularInline[models.Endpoint, Any]
    PriceChangeInlineBase = admin.TabularInline[models.PriceChange, Any]
else:
    RowAdminBase = admin.ModelAdmin
    EndpointInlineBase = admin.TabularInline
    PriceChangeInlineBase = admin.TabularInline


class PriceField(forms.CharField):
    """Dollars in the form, pico-dollars in the row; per million tokens, or each."""

    def __init__(self, *, per_million_tokens: bool, **options: Any) -> None:
        self._parse = parse_per_million if per_million_tokens else parse_price
        self._format = per_million if per_million_tokens else format_price
        unit = "$ per 1M tokens" if per_million_tokens else "$ each"
        super().__init__(help_text=unit, **options)

    def prepare_value(self, value: Any) -> Any:
        return self._format(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return self._parse(text.removeprefix("$"))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


class LiveAdmin(RowAdminBase):
    """Every way to change a row counts the version up, in the same transaction."""

    actions: tuple[str, ...] = ("enable", "disable")
    list_per_page = 100

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            models.bump_version()
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            models.bump_version()
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            models.bump_version()
            super().delete_queryset(request, queryset)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Any], *, enabled: bool) -> None:
        with transaction.atomic():
            models.bump_version()
            count = queryset.update(enabled=enabled)
        self.message_user(request, f"{'Enabled' if enabled else 'Disabled'}: {count}.")


class RowAdmin(LiveAdmin):
    """Rows that a catalog file or the operator decides about."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        edited = set(form.changed_data)
        # Switching a row off does not make it the operator's; editing it does.
        if "origin" not in edited and (not change or edited - {"enabled"}):
            obj.origin = models.Origin.OPERATOR
        super().save_model(request, obj, form, change)


class PriceColumn:
    @admin.display(description="$ per 1M in / out", ordering="price_prompt_pico")
    def price(self, row: models.Endpoint) -> str:
        return f"{per_million(row.price_prompt_pico)} / {per_million(row.price_completion_pico)}"


class EndpointInline(ReadOnly, PriceColumn, EndpointInlineBase):
    """To look at; each endpoint has its own page to change it."""

    model = models.Endpoint
    fields = ("provider", "model", "tag", "upstream_model", "price", "context_length", "enabled")
    readonly_fields = ("price",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Endpoint]:
        return super().get_queryset(request).select_related("model", "provider")


class PriceChangeInline(ReadOnly, PriceChangeInlineBase):
    """What the prices were. No admin of its own: who may delete an endpoint may delete them."""

    model = models.PriceChange
    fields = readonly_fields = ("at", "before", "after")

    @admin.display(description="$ per 1M in / out before")
    def before(self, row: models.PriceChange) -> str:
        return f"{per_million(row.old_prompt_pico)} / {per_million(row.old_completion_pico)}"

    @admin.display(description="after")
    def after(self, row: models.PriceChange) -> str:
        return f"{per_million(row.new_prompt_pico)} / {per_million(row.new_completion_pico)}"


@admin.register(models.Provider)
class ProviderAdmin(RowAdmin):
    list_display = ("name", "slug", "dialect", "address", "may_train", "enabled", "origin")
    list_filter = ("enabled", "dialect", "origin", "may_train", "retains_prompts")
    search_fields = ("name", "slug", "base_url")
    readonly_fields = ("stored_credentials", "environment_credentials")
    inlines = (EndpointInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Provider]:
        rows: QuerySet[models.Provider] = super().get_queryset(request)
        return rows.prefetch_related("credentials")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """With the paths that nearly everybody has: without one nobody is sent there."""
        return {**editing.OPENAI_PATHS, **super().get_changeform_initial_data(request)}

    @admin.display(description="served at")
    def address(self, row: models.Provider) -> str:
        return addresses.served_at(row) or "nowhere"

    @admin.display(description="stored credentials")
    def stored_credentials(self, row: models.Provider) -> str:
        """Each with a link to its page; they come before the environment's."""
        links = [
            (
                reverse("admin:catalog_credential_change", args=[each.pk]),
                f"{each.label} {each.ending}",
            )
            for each in (row.credentials.all() if row.pk else ())
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "none"

    @admin.display(description="set in the environment")
    def environment_credentials(self, row: models.Provider) -> str:
        """To see only: which variables hold one. A restart reads them anew."""
        found = [
            f"{each.label} {models.ending(credentials.last_four(each.secret, row.auth_kind))}"
            for each in credentials.of_environment(row)
        ]
        return ", ".join(found) or "none"


@admin.register(models.Model)
class ModelAdmin(RowAdmin):
    list_display = ("slug", "name", "kind", "context_length", "is_moderated", "enabled", "origin")
    list_filter = ("enabled", "kind", "origin", "variant", "tokenizer", "is_moderated")
    search_fields = ("slug", "name")
    inlines = (EndpointInline,)


@admin.register(models.Endpoint)
class EndpointAdmin(PriceColumn, RowAdmin):
    list_display = ("model", "provider", "tag", "price", "context_length", "enabled", "origin")
    list_filter = ("enabled", "origin", "provider", "is_moderated")
    list_select_related = ("model", "provider")
    search_fields = ("model__slug", "provider__name", "upstream_model")
    autocomplete_fields = ("model", "provider")
    inlines = (PriceChangeInline,)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name not in (*models.PRICE_FIELDS, *models.LIST_PRICE_FIELDS):
            return super().formfield_for_dbfield(db_field, request, **options)
        each = db_field.name in {"price_image_pico", "price_request_pico"}
        label = str(db_field.verbose_name).capitalize()
        initial = db_field.default if db_field.has_default() else None
        return PriceField(
            per_million_tokens=not each, label=label, required=not db_field.null, initial=initial
        )
