"""What was measured, in Django's admin: to read. The server processes and the probes write it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from billing.admin import ReadOnlyAdmin
from catalog.models import Endpoint
from routing.models import EndpointStatistic, ProviderProbe


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
