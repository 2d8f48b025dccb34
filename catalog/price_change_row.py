"""The row of a change of prices; part of catalog.models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from catalog import fields

if TYPE_CHECKING:
    from catalog.models import Endpoint

PARTS = ("prompt", "completion", "image", "request")
Four = tuple[int, int, int, int]
"""Prices of PARTS, in pico-dollars."""


class PriceChange(models.Model):
    """What an endpoint cost before and after: one row for each time that some price changed.

    `Endpoint.save` writes it in the transaction of the change, whoever makes it.
    """

    endpoint = models.ForeignKey(
        "catalog.Endpoint", on_delete=models.CASCADE, related_name="price_changes"
    )
    at = models.DateTimeField(default=timezone.now)
    old_prompt_pico = fields.price()
    old_completion_pico = fields.price()
    old_image_pico = fields.price()
    old_request_pico = fields.price()
    new_prompt_pico = fields.price()
    new_completion_pico = fields.price()
    new_image_pico = fields.price()
    new_request_pico = fields.price()

    class Meta:
        ordering = ("-at", "-id")
        indexes = [models.Index(fields=["-at", "-id"], name="price_change_newest_first")]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.at:%Y-%m-%d %H:%M}"

    @property
    def old(self) -> Four:
        return (
            self.old_prompt_pico, self.old_completion_pico,
            self.old_image_pico, self.old_request_pico,
        )  # fmt: skip

    @property
    def new(self) -> Four:
        return (
            self.new_prompt_pico, self.new_completion_pico,
            self.new_image_pico, self.new_request_pico,
        )  # fmt: skip


def stored(endpoint: Endpoint, update_fields: Iterable[str] | None) -> Four | None:
    """The prices in the database before a save of these fields; None where none can change."""
    names = [f"price_{part}_pico" for part in PARTS]
    if endpoint._state.adding or (
        update_fields is not None and set(update_fields).isdisjoint(names)
    ):
        return None
    rows = type(endpoint)._default_manager.filter(pk=endpoint.pk)
    found: Four | None = rows.values_list(*names).first()
    return found


def note(endpoint: Endpoint, before: Four | None) -> None:
    """After the save: write the change down, if there was one."""
    if before is None or (after := stored(endpoint, None)) is None or before == after:
        return
    values = {f"old_{part}_pico": price for part, price in zip(PARTS, before, strict=True)}
    values |= {f"new_{part}_pico": price for part, price in zip(PARTS, after, strict=True)}
    PriceChange.objects.create(endpoint=endpoint, **values)
