"""The row of a code that an app exchanges for a key; part of accounts.models."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class AuthCode(models.Model):
    """What a user granted an app: one key, with these limits, to whoever knows the code and the
    verifier. Both are kept as SHA-256 only."""

    class Method(models.TextChoices):
        """How the verifier is proven; `challenge` is its SHA-256 either way."""

        NONE = "", "no challenge"
        PLAIN = "plain"
        S256 = "S256"

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 hex of the code.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_codes"
    )
    app_origin = models.CharField(
        max_length=300, help_text="Of the callback address: whose key it will be."
    )
    method = models.CharField(max_length=5, blank=True, choices=Method.choices)
    challenge = models.CharField(max_length=64, blank=True)
    limit_nano = models.BigIntegerField(null=True)
    period = models.CharField(max_length=8, blank=True, help_text="When the limit counts anew.")
    key_label = models.CharField(max_length=100)
    key_expires_at = models.DateTimeField(null=True)
    replaces = models.BooleanField(
        default=False, help_text="The keys that the app had before end with the exchange."
    )
    made_by = models.ForeignKey(
        "accounts.ApiKey",
        null=True,
        on_delete=models.CASCADE,
        related_name="auth_codes",
        help_text="The key that asked for the code; empty: the user did, on the consent page.",
    )
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    key = models.OneToOneField(
        "accounts.ApiKey", null=True, on_delete=models.SET_NULL, related_name="auth_code"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_nano__isnull=True) | Q(limit_nano__gte=0),
                name="auth_code_limit_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(key__isnull=True) | Q(used_at__isnull=False),
                name="auth_code_key_means_used",
            ),
            models.CheckConstraint(
                condition=Q(method="", challenge="") | ~Q(method="") & ~Q(challenge=""),
                name="auth_code_method_means_challenge",
            ),
        ]

    def __str__(self) -> str:
        return f"code {self.pk} for {self.app_origin}"
