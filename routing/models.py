"""Rows of what was measured: how endpoints answer requests, and how providers answer probes."""

from __future__ import annotations

from django.db import models


class EndpointStatistic(models.Model):
    """What one server process saw of one endpoint in a minute; later, what all saw in an hour.

    Histograms are {bucket: count} (routing.histogram). No foreign key: an endpoint may be deleted
    while a process still counts for it, and that must not keep the other counts from being written.
    """

    endpoint_id = models.BigIntegerField()
    starts_at = models.DateTimeField()
    duration_s = models.PositiveIntegerField(help_text="60, or 3600 once the minutes were merged.")
    instance_id = models.CharField(
        max_length=40, blank=True, help_text="The process; empty once all were merged."
    )
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    rate_limited = models.PositiveIntegerField(default=0)
    latency = models.JSONField(default=dict, help_text="Histogram: seconds until first content.")
    throughput = models.JSONField(default=dict, help_text="Histogram: tokens per second.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint_id", "starts_at", "duration_s", "instance_id"],
                name="endpoint_statistic_unique",
            )
        ]
        indexes = [
            models.Index(fields=["duration_s", "starts_at"], name="endpoint_statistic_by_time")
        ]

    def __str__(self) -> str:
        return f"endpoint {self.endpoint_id} {self.starts_at:%Y-%m-%d %H:%M} {self.duration_s} s"


class ProviderProbe(models.Model):
    """How a provider answered the latest probe: one row for each, rewritten by the next probe."""

    provider_slug = models.CharField(max_length=64, unique=True)
    checked_at = models.DateTimeField()
    ok = models.BooleanField()
    status = models.IntegerField(default=0, help_text="Of the answer; 0 where none came.")
    ms = models.IntegerField(default=0, help_text="How long the answer took.")
    error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.provider_slug} {'up' if self.ok else 'down'}"


class ProcessReport(models.Model):
    """What one server process sees right now (routing.reports); old ones say nothing."""

    instance_id = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField(help_text="By the database's clock.")
    streams = models.JSONField(
        default=dict, help_text="Requests under way, by the name of the provider that answers."
    )
    troubles = models.JSONField(
        default=list, help_text="Endpoints that are tried last: [id, failures, answers, seconds]."
    )

    def __str__(self) -> str:
        return f"process {self.instance_id} {self.at:%Y-%m-%d %H:%M:%S}"
