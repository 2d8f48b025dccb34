"""The public site: models, providers, rankings, apps, and what programs read of them."""

from __future__ import annotations

from django.urls import URLPattern, path

from explore import model_page, provider_pages

urlpatterns: list[URLPattern] = [
    path("providers", provider_pages.providers, name="providers"),
    path("providers/<slug:slug>", provider_pages.provider, name="provider"),
    # Last of all: whatever two words there are.
    path("<str:author>/<str:slug>", model_page.model, name="model"),
]
