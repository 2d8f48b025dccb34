"""A field for an amount of dollars: exact nano-dollars inside."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from openrouter_site.money import NANO_PER_DOLLAR, format_amount, parse_amount

_DOLLARS_MAX = 1_000_000_000
_CHARACTERS_MAX = 40


class DollarField(forms.Field):
    """Empty is None. People may write $5 and 1,000."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip().removeprefix("$").replace(",", "")
        if not text:
            return None
        try:
            amount_nano = parse_amount(text) if len(text) <= _CHARACTERS_MAX else -1
        except ValueError:
            raise ValidationError(
                "Write dollars with at most 9 decimals, like 5 or 2.50.", "invalid"
            ) from None
        if not 0 <= amount_nano <= _DOLLARS_MAX * NANO_PER_DOLLAR:
            raise ValidationError(f"Write an amount from 0 to {_DOLLARS_MAX:,}.", "range")
        return amount_nano

    def prepare_value(self, value: Any) -> Any:
        """An initial amount, which is nano-dollars; what was typed stays as it is."""
        return format_amount(value) if isinstance(value, int) else value
