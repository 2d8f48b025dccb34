"""The Playground: its page and what its scripts ask for."""

from __future__ import annotations

from django.urls import URLPattern, path

from playground import models_document, page

urlpatterns: list[URLPattern] = [
    path("playground", page.playground, name="playground"),
    path("playground/c/<str:chat>", page.playground, name="playground_chat"),
    path("playground/models.json", models_document.document, name="playground_models"),
]
