from __future__ import annotations

from django.apps import AppConfig


class PlaygroundConfig(AppConfig):
    name = "playground"

    def ready(self) -> None:
        from billing import personal_data as everything
        from playground import personal_data

        everything.add(personal_data.ABOUT, personal_data.files)
