from __future__ import annotations

from django.apps import AppConfig


class DoctorConfig(AppConfig):
    name = "doctor"
    default_auto_field = "django.db.models.BigAutoField"
