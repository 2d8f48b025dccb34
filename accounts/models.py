"""Who: users and their API keys."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from catalog.validators import text_list


class UserManager(BaseUserManager["User"]):
    """Users are made by e-mail address; Django's commands call these two."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person with an e-mail address; the credits are in the billing account `user:<id>`."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    default_model = models.CharField(
        max_length=128, blank=True, help_text="Used when a request names no model."
    )
    allow_training = models.BooleanField(
        default=True, help_text="Allow providers that may train on prompts."
    )
    ignored_providers = models.JSONField(
        default=list,
        blank=True,
        validators=[text_list],
        help_text='Slugs of providers that are never asked: ["azure"].',
    )

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email


class ApiKey(models.Model):
    """A key. Only its SHA-256 is kept; `label` is what may be shown of it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=120, default="API key")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 hex of the whole key.")
    label = models.CharField(max_length=24, help_text="sk-or-v1-abc...xyz")
    disabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name} ({self.label})"
