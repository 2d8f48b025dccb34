"""Fields of forms that more than one app needs."""

from __future__ import annotations

from typing import Any

from django import forms

from openrouter_site.money import format_amount, parse_amount


class DollarsField(forms.CharField):
    """Dollars for people, nano-dollars for us; nothing between them is a float."""

    def __init__(self, *, is_signed: bool = False, **options: Any) -> None:
        self.is_signed = is_signed
        super().__init__(**{"max_length": 40, "empty_value": None, **options})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text is None:
            return None
        try:
            amount_nano = parse_amount(str(text).removeprefix("$"))
        except ValueError as error:
            raise forms.ValidationError(f"{error}.") from None
        if amount_nano < 0 and not self.is_signed:
            raise forms.ValidationError("Must not be negative.")
        return amount_nano

    def prepare_value(self, value: Any) -> Any:
        return format_amount(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except forms.ValidationError:
            return True

    def run_validators(self, value: Any) -> None:
        """Those of a text do not fit an amount."""


class ReasonField(forms.CharField):
    """Why an operator does something: one line, kept for ever."""

    def __init__(self, **options: Any) -> None:
        help_text = "One line; kept with your name."
        super().__init__(**{"max_length": 200, "help_text": help_text, **options})
