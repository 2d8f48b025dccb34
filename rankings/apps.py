from __future__ import annotations

from django.apps import AppConfig


class RankingsConfig(AppConfig):
    name = "rankings"
