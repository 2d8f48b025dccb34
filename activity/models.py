"""Sums of generations by the hour and by the day (UTC), from which pages and rankings read.

They say nothing that generations do not say, and can be made anew from them at any time
(activity.rollup). What has not ended at `Watermark.until` has no rows yet.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import ApiKey


class App(models.Model):
    """A program that calls, as it names itself: HTTP-Referer and X-Title. Both empty: not at all.

    One row for each pair and never changed, so that nobody names the app that another one sees.
    """

    referer = models.CharField(max_length=512, blank=True)
    title = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["referer", "title"], name="app_unique")]

    def __str__(self) -> str:
        return self.title or self.referer


class Sums(models.Model):
    """What sums of an hour, or of a day, have in common."""

    begins_at = models.DateTimeField(help_text="A full hour of UTC; of days, midnight.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique index begins with it
    )
    # As in a generation: empty once the key is deleted.
    key = models.ForeignKey(
        ApiKey,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,  # there is one by key and time
    )

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["begins_at"], name="%(class)s_by_time"),
            models.Index(fields=["key", "begins_at"], name="%(class)s_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.begins_at:%Y-%m-%d %H}:00 of user {self.user_id}"


class Usage(Sums):
    """Requests of one user, key, model, provider and app."""

    model = models.CharField(max_length=128)
    provider_name = models.CharField(max_length=64, blank=True)
    app = models.ForeignKey(App, on_delete=models.PROTECT, related_name="+", db_index=False)
    requests = models.BigIntegerField()
    failures = models.BigIntegerField()
    cancelled = models.BigIntegerField()
    own_key_requests = models.BigIntegerField(help_text="Made with the user's own provider key.")
    tokens_prompt = models.BigIntegerField()
    tokens_completion = models.BigIntegerField()
    native_tokens_prompt = models.BigIntegerField()
    native_tokens_completion = models.BigIntegerField()
    cost_nano = models.BigIntegerField()
    upstream_cost_nano = models.BigIntegerField(
        help_text="With own keys: what the providers charge for them by list price."
    )

    class Meta(Sums.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["user", "begins_at", "key", "model", "provider_name", "app"],
                name="%(class)s_unique",
            )
        ]


class UsageHour(Usage):
    """In one hour."""


class UsageDay(Usage):
    """In one day of UTC: the sums of its hours, where nobody asks for hours."""


class FirstContent(Sums):
    """How many streams of one user and key had their first content after so long.

    One row for each bucket of the histogram (activity.histogram), so that a database adds them up.
    """

    bucket = models.SmallIntegerField()
    streams = models.BigIntegerField()

    class Meta(Sums.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["user", "begins_at", "key", "bucket"], name="%(class)s_unique"
            )
        ]


class FirstContentHour(FirstContent):
    """In one hour."""


class FirstContentDay(FirstContent):
    """In one day of UTC."""


class SummedDay(models.Model):
    """A day that has sums, and how often they were taken: who copies them sees changes."""

    begins_at = models.DateTimeField(primary_key=True, help_text="Midnight of UTC.")
    times = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d} ({self.times})"


class Watermark(models.Model):
    """Until when the sums are taken: one row, none before the first time."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.until:%Y-%m-%d %H}:00"
