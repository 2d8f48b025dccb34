"""The documentation under /docs, and its twins for programs."""

from __future__ import annotations

from django.urls import path

from documentation import llms, views

urlpatterns = [
    path("llms.txt", llms.listing, name="llms"),
    path("llms-full.txt", llms.everything, name="llms-full"),
    path("docs", views.index, name="docs"),
    path("docs/search", views.find, name="docs-search"),
    path("docs/<slug:slug>.md", views.markdown, name="docs-markdown"),
    # Last: every other word below /docs may be a page.
    path("docs/<slug:slug>", views.page, name="docs-page"),
]
