"""Forms of a key: what is set when it is made, and later."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.key_values import NAME_CHARACTERS_MAX
from accounts.models import ApiKey, User
from billing.models import Budget
from pages import holders, key_terms
from pages.dollar_field import DollarField


class KeyForm(forms.Form):
    """The settings of any key. `key` and `budget` are what it has already."""

    name = forms.CharField(
        max_length=NAME_CHARACTERS_MAX,
        help_text="What it is for: a program, a machine.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    limit = DollarField(
        required=False, label="Credit limit", help_text="Beyond it requests answer 402."
    )
    period = forms.ChoiceField(
        choices=key_terms.PERIODS,
        required=False,
        label="Resets",
        help_text="At 00:00 UTC; weeks begin on Monday.",
    )
    lifetime = forms.ChoiceField(label="Expires")
    ends_on = forms.DateField(
        required=False,
        label="Last day",
        help_text="The key works until its end, in UTC.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    allowed_models = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Models"
    )

    def __init__(
        self, data: Any = None, key: ApiKey | None = None, budget: Budget | None = None
    ) -> None:
        self.expires_at = key.expires_at if key else None
        chosen = list(key.allowed_models or ()) if key else []
        initial: dict[str, Any] = {"lifetime": key_terms.KEEP if self.expires_at else "never"}
        if key is not None and budget is not None:
            initial |= {"name": key.name, "limit": budget.limit_nano, "period": budget.period}
            initial["allowed_models"] = chosen
        super().__init__(data, initial=initial)
        self._choices("lifetime", key_terms.lifetimes(self.expires_at))
        self._choices("allowed_models", key_terms.models(chosen))
        if key is not None and key.is_management:
            for name in ("limit", "period", "allowed_models"):
                del self.fields[name]
        if key is not None and key.is_playground:
            for name in ("name", "lifetime", "ends_on"):
                del self.fields[name]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise ValidationError("Use one line of printable characters.")
        return name

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        if self.data.get("lifetime") != key_terms.ON_DATE:
            return None
        today = timezone.now().date()
        if day is None or not today <= day or day.year > today.year + key_terms.YEARS_MAX:
            raise ValidationError("Choose a day from today on.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if cleaned.get("period") and cleaned.get("limit") is None and "limit" not in self.errors:
            self.add_error("limit", "Set a limit to reset, or choose Never.")
        return cleaned

    def row_fields(self) -> dict[str, Any]:
        """Of a valid form: the columns of the key."""
        found: Mapping[str, Any] = self.cleaned_data
        fields: dict[str, Any] = {}
        if "name" in self.fields:
            fields = {"name": found["name"], "expires_at": self.end()}
        if "allowed_models" in self.fields:
            fields["allowed_models"] = found["allowed_models"]
        return fields

    def end(self) -> datetime | None:
        found = self.cleaned_data
        return key_terms.end_of(
            found["lifetime"], found["ends_on"], self.expires_at, timezone.now()
        )


class NewKeyForm(KeyForm):
    """With whose it is, and a token, so that the same form sent twice makes one key."""

    KINDS = (
        ("inference", "Inference key: calls models"),
        ("management", "Management key: makes, changes and deletes keys by API"),
    )

    holder = forms.ChoiceField(required=False, label="For")
    kind = forms.ChoiceField(choices=KINDS, initial="inference", widget=forms.RadioSelect)
    token = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, user: User, data: Any = None, holder: str = "") -> None:
        super().__init__(data)
        self.user = user
        choices = holders.choices(user)
        self._choices("holder", choices)
        own = {"token": secrets.token_urlsafe(24), "holder": holder}
        self.initial = {**self.initial, **own}
        if len(choices) == 1:
            del self.fields["holder"]

    def clean_holder(self) -> holders.Holder:
        return holders.find(self.user, self.cleaned_data["holder"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned.setdefault("holder", holders.find(self.user, ""))
        if cleaned.get("kind") == "management":
            cleaned.update(limit=None, period="", allowed_models=[])
        return cleaned
