"""Every path that Django serves. The inference paths never get here (openrouter_site.asgi)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from api.views import unknown_path
from openrouter_site import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("api/v1/", include("api.urls")),
    path("api", unknown_path),
    path("api/<path:rest>", unknown_path),
    path("api/", unknown_path),
    path("admin/", admin.site.urls),
    path("", include("pages.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("billing.urls")),
    path("", include("documentation.urls")),
    path("", include("playground.urls")),
    # Last: /author/slug is a model's page, whatever the words are.
    path("", include("explore.urls")),
]

handler400 = "openrouter_site.views.bad_request"
handler403 = "openrouter_site.views.forbidden"
handler404 = "openrouter_site.views.not_found"
handler500 = "openrouter_site.views.server_error"
