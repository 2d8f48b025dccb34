"""The form for a new provider key."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import ProviderKey
from catalog.credentials import SECRET_CHARACTERS_MAX
from openrouter_site.errors import ApiError
from routing.own_key_trial import choices

POSITIONS = (
    (ProviderKey.Position.BEFORE, "Before ours"),
    (ProviderKey.Position.AFTER, "After ours"),
)


class NewKeyForm(forms.Form):
    """`refusal` is what this server or the provider has against the key, for an error card."""

    provider = forms.ChoiceField(label="Provider")
    # Not an input of one line: the key of a service account is a document.
    key = forms.CharField(
        label="Key",
        max_length=SECRET_CHARACTERS_MAX,
        strip=True,
        help_text="AWS: ACCESS_KEY_ID:SECRET. Google: a key, or the JSON of a service account.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=64,
        help_text="Shown beside the requests that used it. Never put the key itself here.",
    )
    position = forms.ChoiceField(
        label="Used", choices=POSITIONS, initial=ProviderKey.Position.BEFORE
    )
    never_fall_back = forms.BooleanField(
        required=False,
        label="Never fall back to our key",
        help_text="At this provider, only your own keys are used.",
    )

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        provider = self.fields["provider"]
        assert isinstance(provider, forms.ChoiceField)
        provider.choices = choices()
        self.refusal: dict[str, Any] | None = None

    @property
    def is_untested(self) -> bool:
        return "untested" in self.data

    def columns(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "position", "never_fall_back")}

    def add_refusal(self, error: ApiError) -> None:
        """Beside its field where there is one, and in full above the form."""
        metadata = error.metadata or {}
        field = metadata.get("field")
        reason, raw = metadata.get("reason", ""), metadata.get("raw", "")
        self.add_error(field if field in self.fields else None, error.message)
        self.refusal = {
            "message": error.message,
            "reason": reason,
            "raw": raw if raw != reason else "",
            "of_provider": "provider_name" in metadata,
        }
