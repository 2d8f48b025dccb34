"""Django's admin with our own site (openrouter_site.administration)."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "openrouter_site.administration.Administration"
