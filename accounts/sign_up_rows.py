"""Rows of signing up: whom the operator invited, and the token of an instance without operator."""

from __future__ import annotations

from django.db import models


class SignUpInvitation(models.Model):
    """An address that may make an account where SIGN_UP=invite. The code sent to it proves it."""

    email = models.EmailField("e-mail address", unique=True)
    invited_by = models.CharField(max_length=120, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.email


class SetupToken(models.Model):
    """Opens the page that makes the first operator, once. Only its SHA-256 is kept."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"of {self.created_at:%Y-%m-%d %H:%M}"
