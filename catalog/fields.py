"""Columns that several rows of the catalog have; part of catalog.models."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from catalog import validators

# Limits that keep tokens x price within 64 bits of nano-dollars, whatever a catalog says: 100 $
# for one token, image or request, and 16 million tokens.
PRICE_MAX_PICO = 100 * 10**12
CONTEXT_LENGTH_MAX = 2**24


def tokens(**options: Any) -> models.PositiveIntegerField[Any, Any]:
    limits = [MinValueValidator(0), MaxValueValidator(CONTEXT_LENGTH_MAX)]
    return models.PositiveIntegerField(validators=limits, **options)


def price(help_text: str = "", **options: Any) -> models.BigIntegerField[Any, Any]:
    limits = [
        MinValueValidator(0, "must not be below zero"),
        MaxValueValidator(PRICE_MAX_PICO, "must be at most $100 for one token, image or request"),
    ]
    return models.BigIntegerField(validators=limits, help_text=help_text, **options)


def texts(help_text: str = "") -> models.JSONField[Any, Any]:
    return models.JSONField(
        default=list, blank=True, validators=[validators.text_list], help_text=help_text
    )
