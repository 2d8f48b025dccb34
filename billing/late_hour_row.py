"""The row of an hour that sums have to be taken of anew."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class LateHour(models.Model):
    """An hour of a user in which a generation was recorded long after it began (billing.late).

    Rows are only added here, one for each time; whoever keeps sums of hours takes these anew and
    deletes the rows that he knew of.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField(help_text="When it began, UTC.")

    def __str__(self) -> str:
        return f"user {self.user_id} {self.hour:%Y-%m-%d %H}:00"
