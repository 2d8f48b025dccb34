"""What is kept of the Playground: chats with their messages and files, links, votes, preferences.

Everything that somebody wrote is encrypted (catalog.encryption): chats are for their owner.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models

from catalog.models import Encrypted

CHAT_DAYS_MAX = 3650


class Chat(Encrypted):
    """One conversation, in one to six panes. `encrypted`: {"title": ..., "settings": {...}}."""

    id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chats", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(help_text="When something was last asked or answered in it.")
    deleted_at = models.DateTimeField(
        null=True, editable=False, help_text="It waits for Undo, and is pruned later."
    )

    class Meta:
        ordering = ("-updated_at", "-id")
        indexes = [models.Index(fields=["user", "-updated_at"], name="chat_by_user")]

    def __str__(self) -> str:
        return self.id


class Message(Encrypted):
    """One message of a pane; those of a pane are a tree, whose forks are the branches.

    `encrypted`: the message as the API takes it ({"content", "reasoning", "tool_calls", ...}). An
    answer is a run of the same id.
    """

    class Role(models.TextChoices):
        USER = "user"
        ASSISTANT = "assistant"
        TOOL = "tool"

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"
        LOST = "lost", "the server went away meanwhile"

    id = models.CharField(primary_key=True, max_length=32)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    pane = models.CharField(max_length=8)
    role = models.CharField(max_length=9, choices=Role.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DONE)
    sequence = models.PositiveIntegerField(
        default=0, help_text="Of the last event of the run that is in `encrypted`."
    )
    instance_id = models.CharField(
        max_length=64, blank=True, help_text="The server process that runs it."
    )
    generation_id = models.CharField(max_length=40, blank=True, db_index=True)
    model = models.CharField(max_length=128, blank=True)
    provider_name = models.CharField(max_length=128, blank=True)
    cost_nano = models.BigIntegerField(null=True, help_text="Charged; empty while nobody knows.")
    figures = models.JSONField(default=dict, help_text="See playground.figures.")
    error = models.JSONField(null=True, help_text="The API's error object, where it failed.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("created_at", "id")
        indexes = [
            models.Index(
                fields=["instance_id"], name="runs_under_way", condition=models.Q(state="running")
            )
        ]

    def __str__(self) -> str:
        return self.id


class Attachment(Encrypted):
    """A picture that was asked about, or an object that was made. `encrypted`: base64 of it."""

    id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments"
    )
    chat = models.ForeignKey(
        Chat, null=True, on_delete=models.CASCADE, related_name="attachments",
        help_text="Empty: of a temporary chat, or not sent yet; pruned after a day.",
    )  # fmt: skip
    media_type = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.id


class Share(Encrypted):
    """A link that shows a chat to whoever has it, as it was then. `encrypted`: what it shows."""

    token = models.CharField(primary_key=True, max_length=32)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="shares")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"link to {self.chat_id}"


class Vote(models.Model):
    """Which of several answers its reader found best, not knowing whose they were."""

    class Outcome(models.TextChoices):
        BEST = "best", "one was the best"
        TIE = "tie", "all good"
        BAD = "bad", "all bad"

    id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes"
    )
    at = models.DateTimeField(auto_now_add=True)
    model_ids = models.JSONField(help_text="Ids of the models that answered, as shown.")
    best = models.CharField(max_length=128, blank=True, help_text="One of them, or empty.")
    outcome = models.CharField(max_length=4, choices=Outcome.choices)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.outcome}: {self.best or ', '.join(self.model_ids)}"


class Preferences(Encrypted):
    """What a person set for all chats. `encrypted`: {"settings": {...}} of the next new chat."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE,
        related_name="playground",
    )  # fmt: skip
    favourites = models.JSONField(default=list, help_text="Ids of models, in the order chosen.")
    chat_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(CHAT_DAYS_MAX)],
        help_text="Chats that nobody used for so many days are deleted. 0: never.",
    )

    def __str__(self) -> str:
        return f"Playground of {self.user_id}"
