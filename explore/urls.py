"""The public site: models, providers, rankings, apps, and what programs read of them."""

from __future__ import annotations

from django.urls import URLPattern, path

from explore import (
    app_page,
    compare_page,
    feed,
    for_crawlers,
    model_page,
    provider_pages,
    quick,
    rankings_page,
)
from explore.listing import page as models_page

urlpatterns: list[URLPattern] = [
    # Models
    path("models", models_page.models, name="models"),
    path("models/quick", quick.models, name="models-quick"),
    path("models/compare", compare_page.compare, name="compare"),
    path("models.atom", feed.models, name="models-feed"),
    # Crawlers
    path("sitemap.xml", for_crawlers.sitemap, name="sitemap"),
    path("robots.txt", for_crawlers.robots, name="robots"),
    # Rankings and apps
    path("rankings", rankings_page.rankings, name="rankings"),
    path("rankings.csv", rankings_page.as_csv, name="rankings-csv"),
    path("rankings.json", rankings_page.as_json, name="rankings-json"),
    path("apps/<int:app_id>", app_page.app, name="app"),
    path("apps/<int:app_id>/hide", app_page.hide, name="app-hide"),
    # Providers
    path("providers", provider_pages.providers, name="providers"),
    path("providers/<slug:slug>", provider_pages.provider, name="provider"),
    # Last of all: whatever two words there are.
    path("<str:author>/<str:slug>", model_page.model, name="model"),
]
