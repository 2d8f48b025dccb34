"""What was measured, in Django's admin: to read. The server processes and the probes write it.

And the test of a stored credential, since it asks the provider.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from billing.admin import ReadOnlyAdmin
from catalog.credential_admin import CredentialAdmin
from catalog.models import Credential, Endpoint
from routing.models import EndpointStatistic, ProviderProbe
from routing.trial import Result, try_out

TESTED_AT_ONCE_MAX = 10


@admin.register(EndpointStatistic)
class EndpointStatisticAdmin(ReadOnlyAdmin):
    list_display = (
        "starts_at", "duration_s", "of_model", "of_provider", "succeeded", "failed",
        "rate_limited", "instance_id",
    )  # fmt: skip
    list_filter = ("duration_s",)
    search_fields = ("endpoint_id", "instance_id")
    ordering = ("-starts_at", "endpoint_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EndpointStatistic]:
        """With the names of the endpoint's model and provider; none where it was deleted."""
        endpoint = Endpoint.objects.filter(pk=OuterRef("endpoint_id"))
        rows: QuerySet[EndpointStatistic] = super().get_queryset(request)
        return rows.annotate(
            model_slug=Subquery(endpoint.values("model__slug")),
            provider_name=Subquery(endpoint.values("provider__name")),
        )

    @admin.display(description="model", ordering="model_slug")
    def of_model(self, row: Any) -> str | None:
        slug: str | None = row.model_slug
        return slug

    @admin.display(description="provider", ordering="provider_name")
    def of_provider(self, row: Any) -> str | None:
        name: str | None = row.provider_name
        return name


@admin.register(ProviderProbe)
class ProviderProbeAdmin(ReadOnlyAdmin):
    list_display = ("provider_slug", "ok", "status", "ms", "error", "checked_at")
    list_filter = ("ok",)
    search_fields = ("provider_slug",)
    ordering = ("provider_slug",)


@admin.register(Credential)
class TestedCredentialAdmin(CredentialAdmin):
    """With a test: one cheap call with exactly this credential."""

    actions = (*CredentialAdmin.actions, "test")
    change_form_template = "admin/catalog/credential/change_form.html"

    @admin.action(description="Test", permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        rows = list(queryset[: TESTED_AT_ONCE_MAX + 1])
        if len(rows) > TESTED_AT_ONCE_MAX:
            too_many = f"Test at most {TESTED_AT_ONCE_MAX} at once."
            self.message_user(request, too_many, messages.ERROR)
            return
        for row in rows:
            self._tell(request, row, try_out(row))

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:pk>/test/",
            self.admin_site.admin_view(self.test_one),
            name="catalog_credential_test",
        )
        return [own, *super().get_urls()]

    @method_decorator(require_POST)
    def test_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Outside the form that saves: a transaction must not wait for a provider."""
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        self._tell(request, row, try_out(row))
        return HttpResponseRedirect(reverse("admin:catalog_credential_change", args=[pk]))

    def _tell(self, request: HttpRequest, row: Credential, result: Result) -> None:
        level = messages.SUCCESS if result.ok else messages.ERROR
        self.message_user(request, f"{row}: {result.text}", level)
