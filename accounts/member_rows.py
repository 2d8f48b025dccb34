"""Members: people who use another's account, with keys of their own, under its credits.

The account stays its owner's, `user:<owner>`. So whatever is counted, limited and allowed for an
account holds for all who use it, and a key of a member is a key of the owner with a member's name.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

# The role of whoever has no row here, because the account is his.
OWNER = "owner"


class Role(models.TextChoices):
    """The owner has no row: it is his account."""

    ADMIN = "admin", "admin: invites and removes members, manages their keys and budgets"
    MEMBER = "member", "member: manages their own keys"


class Member(models.Model):
    """One person's part in one account. A removed one keeps the row: the books name it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="members"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(
        null=True, editable=False, help_text="Since then none of their keys works here."
    )

    class Meta:
        ordering = ("created_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["owner", "user"], name="member_once_an_account"),
            models.CheckConstraint(condition=~Q(owner=F("user")), name="member_is_not_the_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in the account of {self.owner}"


class Invitation(models.Model):
    """An e-mail that makes whoever it reaches a member. Only the SHA-256 of its token is kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    limit_nano = models.BigIntegerField(null=True, blank=True, help_text="The member's budget.")
    period = models.CharField(max_length=8, blank=True, default="")
    invited_by = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["owner", "created_at"], name="invitation_by_owner")]

    def __str__(self) -> str:
        return f"{self.email} to the account of {self.owner}"


class MemberChange(models.Model):
    """Who changed a member's role or budget, when, and what. Never changed itself."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=120)
    what = models.JSONField(help_text="Each field with its old and its new value.")

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        fields = (f"{name}: {old} -> {new}" for name, (old, new) in self.what.items())
        return f"{', '.join(fields)} by {self.actor}"
