"""Forms of what cannot be taken back: replacing a key, deleting it."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class RotationForm(forms.Form):
    OVERLAPS = (
        ("24", "In 24 hours: time to put the new key into your programs"),
        ("168", "In 7 days"),
        ("0", "Now: programs with the old key get 401 at once"),
    )

    overlap = forms.ChoiceField(
        choices=OVERLAPS, initial="24", widget=forms.RadioSelect, label="The old key ends"
    )
    token = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="step_%s", initial={"token": secrets.token_urlsafe(24)})


class DeletionForm(forms.Form):
    """Whoever types the name means this key."""

    name = forms.CharField(
        label="Type its name", strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, wanted: str, data: Any = None) -> None:
        super().__init__(data, auto_id="step_%s")
        self.wanted = wanted

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.wanted.strip():
            raise ValidationError(f"Type exactly: {self.wanted}")
        return name
