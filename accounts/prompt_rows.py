"""The row of a kept prompt; part of accounts.models."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models import Encrypted


class KeptPrompt(Encrypted):
    """What was asked and answered in one request of an account that wants it kept, encrypted.

    Apart from the generation of the same id, which says what happened and never what was said.
    """

    generation_id = models.CharField(primary_key=True, max_length=40)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="kept_prompts",
        db_index=False,  # the index below begins with it
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "created_at"], name="kept_prompt_by_user")]

    def __str__(self) -> str:
        return f"prompt of {self.generation_id}"
