"""Who: users and their API keys."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts import time_zones
from accounts.auth_code_row import AuthCode as AuthCode
from accounts.member_rows import Invitation as Invitation
from accounts.member_rows import Member as Member
from accounts.member_rows import MemberChange as MemberChange
from accounts.prompt_rows import KeptPrompt as KeptPrompt
from accounts.provider_key_row import ProviderKey as ProviderKey
from accounts.sign_up_rows import SetupToken as SetupToken
from accounts.sign_up_rows import SignUpInvitation as SignUpInvitation
from catalog.validators import text_list

PROMPT_DAYS = 30
PROMPT_DAYS_MAX = 90


class Theme(models.TextChoices):
    SYSTEM = "system", "As the system"
    LIGHT = "light"
    DARK = "dark"


class UserManager(BaseUserManager["User"]):
    """Users are made by e-mail address; Django's commands call these two."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Whoever can run a command on the server needs no code by e-mail besides."""
        from accounts.addresses import set_verified

        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        set_verified(user)
        return user


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
    allow_retention = models.BooleanField(
        default=True, db_default=True, help_text="Allow providers that may keep prompts."
    )
    ignored_providers = models.JSONField(
        default=list,
        blank=True,
        validators=[text_list],
        help_text='Slugs of providers that are never asked: ["azure"].',
    )
    middle_out = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Cut prompts that are too long, where a request does not say whether to.",
    )
    log_prompts = models.BooleanField(
        default=False, db_default=False, help_text="Keep prompts and answers, encrypted."
    )
    prompt_days = models.PositiveSmallIntegerField(
        default=PROMPT_DAYS,
        db_default=PROMPT_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(PROMPT_DAYS_MAX)],
        help_text="How many days they are kept.",
    )
    prompts_erased_at = models.DateTimeField(
        null=True, editable=False, help_text="Nothing of before is kept, nor will be."
    )
    time_zone = models.CharField(
        max_length=64,
        default=time_zones.UTC_NAME,
        db_default=time_zones.UTC_NAME,
        validators=[time_zones.validate],
        help_text="Where days begin for this user, as in Europe/Berlin.",
    )
    theme = models.CharField(
        max_length=6,
        choices=Theme.choices,
        blank=True,
        default="",
        db_default="",
        help_text="How pages look to this user. Empty: as chosen in the browser.",
    )
    shortcuts = models.BooleanField(
        default=True, db_default=True, help_text="Single keys do something on pages."
    )
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="The person left; what is kept belongs to the books."
    )
    scrubbed_at = models.DateTimeField(
        null=True, editable=False, help_text="Since then their requests say nothing of them."
    )

    low_balance_nano = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="E-mail when the credits fall below this (nano-dollars). 0: never. Empty: as"
        " LOW_BALANCE_CREDITS says.",
    )
    low_balance_armed = models.BooleanField(
        default=False, editable=False, help_text="The credits were above it since the last e-mail."
    )

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email


class ApiKey(models.Model):
    """A key. Only its SHA-256 is kept; `label` is what may be shown of it."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="keys", help_text="Whose credits it spends."
    )
    member = models.ForeignKey(
        Member,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="keys",
        help_text="Who has it, if not the owner of these credits.",
    )
    name = models.CharField(max_length=120, default="API key")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 hex of the whole key.")
    label = models.CharField(max_length=24, help_text="sk-or-v1-abc...xyz")
    disabled = models.BooleanField(default=False)
    is_management = models.BooleanField(
        default=False, help_text="Manages the user's keys through the API, and does nothing else."
    )
    is_playground = models.BooleanField(
        "of the Playground",
        default=False,
        db_default=False,
        editable=False,
        help_text="Pays for what its holder does in the Playground; nobody has its secret.",
    )
    allowed_models = models.JSONField(
        default=list,
        blank=True,
        validators=[text_list],
        help_text='Ids of the only models it may use: ["openai/gpt-4"]. Empty: all.',
    )
    app_origin = models.CharField(
        max_length=300,
        blank=True,
        help_text="The app that got it from its user's consent: https://app.example. Empty: none.",
    )
    form_token = models.CharField(
        max_length=40, blank=True, editable=False, help_text="Of the form that made it, once."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(
        null=True, editable=False, help_text="Disabled for ever, and no more listed to its user."
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "form_token"],
                condition=~models.Q(form_token=""),
                name="key_once_a_form",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(is_playground=True, member=None, deleted_at=None),
                name="playground_key_of_owner",
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=models.Q(is_playground=True, deleted_at=None),
                name="playground_key_of_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.label})"


class KeyChange(models.Model):
    """Who changed a key or its limit, when, what, and why. Never changed itself."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(
        max_length=120, help_text="An e-mail address, command:<user> or key:<label>."
    )
    what = models.JSONField(help_text="Each field with its old and its new value.")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        fields = (f"{name}: {old} -> {new}" for name, (old, new) in self.what.items())
        return f"{', '.join(fields)} by {self.actor}"
