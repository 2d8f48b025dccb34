"""The row of a stored credential; part of catalog.models."""

from __future__ import annotations

from django.db import models

from catalog import validators


def ending(last_four: str) -> str:
    """What is shown of a secret."""
    return f"...{last_four}" if last_four else "(too short to show an end)"


class Encrypted(models.Model):
    """A row with something encrypted in it (catalog.encryption).

    `manage.py rotate_credentials` finds every model that is one.
    """

    encrypted = models.TextField(editable=False)

    class Meta:
        abstract = True


class Secret(Encrypted):
    """A row that keeps a secret, never shown again."""

    last_four = models.CharField(max_length=4, blank=True, editable=False)
    last_tested_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_test_result = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def ending(self) -> str:
        return ending(self.last_four)


class Credential(Secret):
    """A credential of a provider, the operator's."""

    provider = models.ForeignKey(
        "catalog.Provider", on_delete=models.CASCADE, related_name="credentials"
    )
    label = models.CharField(
        max_length=64,
        validators=[validators.label],
        help_text="What logs, records and answers may call it.",
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest is tried first.")
    enabled = models.BooleanField(default=True, help_text="Off: it is not used.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("provider_id", "position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "label"],
                name="credential_provider_label_unique",
                violation_error_message="This provider has a credential with this label.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.label}"


class CredentialChange(models.Model):
    """Who stored or replaced a credential by a command; the admin has a log of its own. No foreign
    key: it stays when the credential goes."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=120)
    provider_slug = models.CharField(max_length=64)
    label = models.CharField(max_length=64)
    what = models.CharField(max_length=16, help_text="stored or replaced")

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.what} {self.provider_slug}: {self.label} by {self.actor}"
