from __future__ import annotations

from django.apps import AppConfig


class DocumentationConfig(AppConfig):
    name = "documentation"
