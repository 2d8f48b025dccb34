"""The documentation under /docs, and its twins for programs."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
