"""Public sums of completed days (UTC): tokens of models and of apps, without who spent them.

They say nothing that activity.UsageDay does not say, and are taken anew whenever a day of it was
(rankings.rollup).
"""

from __future__ import annotations

from django.db import models


class RankedApp(models.Model):
    """An app as the rankings know it: one for each origin of HTTP-Referer, whatever its title; on
    this machine (localhost), where everybody is, one for each title (seed, Request Headers)."""

    identity = models.CharField(max_length=340, unique=True, help_text="Origin, or origin#title.")
    origin = models.CharField(max_length=200, help_text="https://chat.example: no path.")
    title = models.CharField(max_length=128, blank=True, help_text="The latest X-Title.")
    titled_on = models.DateField(null=True, blank=True, help_text="The day the title is from.")
    hidden = models.BooleanField(
        default=False, help_text="In no ranking, no dataset and on no page."
    )
    hidden_by_owner = models.BooleanField(
        default=False, help_text="Who makes most of its requests did, and may take it back."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hidden=True) | models.Q(hidden_by_owner=False),
                name="ranked_app_hidden_by_owner_is_hidden",
            )
        ]

    def __str__(self) -> str:
        return self.title or self.origin


class Tokens(models.Model):
    """Of one day and model. Tokens are prompt and completion, as counted for the caller."""

    day = models.DateField(help_text="Of UTC.")
    model = models.CharField(max_length=128)
    requests = models.BigIntegerField()
    tokens = models.BigIntegerField()

    class Meta:
        abstract = True


class ModelDay(Tokens):
    """What all accounts used of a model."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "model"], name="model_day_unique")]

    def __str__(self) -> str:
        return f"{self.model} on {self.day}"


class AppDay(Tokens):
    """What an app used of a model."""

    app = models.ForeignKey(
        RankedApp,
        on_delete=models.CASCADE,
        related_name="days",
        db_index=False,  # there is one by app and day
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "app", "model"], name="app_day_unique")
        ]
        indexes = [
            models.Index(fields=["app", "day"], name="app_day_by_app"),
            models.Index(fields=["model", "day"], name="app_day_by_model"),
        ]

    def __str__(self) -> str:
        return f"{self.app_id} with {self.model} on {self.day}"


class TakenDay(models.Model):
    """A day that is in the rankings, and which version of it (activity.SummedDay.times)."""

    day = models.DateField(primary_key=True)
    times = models.BigIntegerField(default=0)
    taken_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.day} ({self.times})"
