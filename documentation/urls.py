"""The documentation under /docs, and its twins for programs."""

from __future__ import annotations

from django.urls import URLPattern, path

from documentation.openapi.views import openapi
from documentation.reference import views as reference

urlpatterns: list[URLPattern] = [
    path("openapi.json", openapi, name="openapi"),
    path("docs/api", reference.index, name="reference"),
    path("docs/api/<slug:group>", reference.group, name="reference-group"),
]
