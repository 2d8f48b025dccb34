"""The row of a user's own key at a provider; part of accounts.models."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog import validators
from catalog.models import Secret


class ProviderKey(Secret):
    """A user's own key at a provider: for his requests alone, and never shown again."""

    class Position(models.TextChoices):
        BEFORE = "before", "before ours"
        AFTER = "after", "after ours"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="provider_keys"
    )
    provider = models.ForeignKey(
        "catalog.Provider", on_delete=models.CASCADE, related_name="keys_of_users"
    )
    name = models.CharField(
        max_length=64,
        blank=True,
        validators=[validators.label],
        help_text="What its owner calls it; shown in the attempts of his requests.",
    )
    position = models.CharField(max_length=6, choices=Position.choices, default=Position.BEFORE)
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Among the user's keys at this provider, the lowest is tried first."
    )
    never_fall_back = models.BooleanField(
        default=False, help_text="The provider is only used with the user's own keys, never ours."
    )
    disabled = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="When it last served a request."
    )
    last_failed_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(
        max_length=300, blank=True, default="", editable=False, help_text="What was said then."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("user_id", "sort_order", "id")

    def __str__(self) -> str:
        return f"key {self.pk} at {self.provider}"
