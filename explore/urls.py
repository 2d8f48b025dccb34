"""The public site: models, providers, rankings, apps, and what programs read of them."""

from __future__ import annotations

from django.urls import URLPattern, path

from explore import compare_page, feed, for_crawlers, model_page, provider_pages
from explore.listing import page as models_page

urlpatterns: list[URLPattern] = [
    path("models", models_page.models, name="models"),
    path("models/compare", compare_page.compare, name="compare"),
    path("models.atom", feed.models, name="models-feed"),
    path("sitemap.xml", for_crawlers.sitemap, name="sitemap"),
    path("robots.txt", for_crawlers.robots, name="robots"),
    path("providers", provider_pages.providers, name="providers"),
    path("providers/<slug:slug>", provider_pages.provider, name="provider"),
    # Last of all: whatever two words there are.
    path("<str:author>/<str:slug>", model_page.model, name="model"),
]
