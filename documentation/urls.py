"""The documentation under /docs, and its twins for programs."""

from __future__ import annotations

from django.urls import URLPattern, path

from documentation import llms, views
from documentation.openapi.views import openapi
from documentation.reference import views as reference

urlpatterns: list[URLPattern] = [
    path("openapi.json", openapi, name="openapi"),
    path("llms.txt", llms.listing, name="llms"),
    path("llms-full.txt", llms.everything, name="llms-full"),
    path("docs", views.index, name="docs"),
    path("docs/search", views.find, name="docs-search"),
    path("docs/quick", views.quick, name="docs-quick"),
    path("docs/api", reference.index, name="reference"),
    path("docs/api/<slug:group>", reference.group, name="reference-group"),
    path("docs/<slug:slug>.md", views.markdown, name="docs-markdown"),
    # Last: every other word below /docs may be a page.
    path("docs/<slug:slug>", views.page, name="docs-page"),
]
