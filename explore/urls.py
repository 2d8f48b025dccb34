"""The public site: models, providers, rankings, apps, and what programs read of them."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
