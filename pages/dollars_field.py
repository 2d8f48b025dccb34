"""A field of a form for dollars with whole cents; its value is nano-dollars."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from billing.payments.money import read_dollars
from openrouter_site.money import format_amount
from pages.credit_words import round_money

# 1,000.50 as people write it; 10,50 may mean two things, and is refused.
_WITH_SEPARATORS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_LENGTH_MAX = 24


class DollarsField(forms.Field):
    def __init__(self, minimum_nano: int, maximum_nano: int, **more: Any) -> None:
        self.minimum_nano, self.maximum_nano = minimum_nano, maximum_nano
        attributes = {"inputmode": "decimal", "autocomplete": "off", "maxlength": str(_LENGTH_MAX)}
        super().__init__(widget=forms.TextInput(attrs=attributes), **more)

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip().removeprefix("$").strip()
        if not text:
            return None
        if _WITH_SEPARATORS.fullmatch(text):
            text = text.replace(",", "")
        try:
            return read_dollars(
                text, minimum_nano=self.minimum_nano, maximum_nano=self.maximum_nano
            )
        except ValueError:
            raise forms.ValidationError(
                f"Give dollars with whole cents, from {round_money(self.minimum_nano)}"
                f" to {round_money(self.maximum_nano)}."
            ) from None

    def prepare_value(self, value: Any) -> Any:
        """Nano-dollars as dollars; what somebody typed as he typed it."""
        return format_amount(value) if isinstance(value, int) else value
