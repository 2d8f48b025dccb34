"""The sign of life of the worker and its clock."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """Written again and again by a periodic task: whoever lets it grow old does not run."""

    name = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField(help_text="By the database's clock.")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"
