"""The forms of the settings pages. What they take is checked here, what it does is not."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from accounts import time_zones
from accounts.forms import DollarsField
from accounts.models import PROMPT_DAYS_MAX, Theme, User
from catalog.snapshot import Catalog
from routing.data_policy import Wish

_DOLLARS_NANO_MAX = 10**15
POLICY = ("allow_training", "allow_retention")


class DefaultsForm(forms.Form):
    """What counts where a request says nothing else."""

    default_model = forms.CharField(required=False, max_length=128, strip=True)
    ignored_providers = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple
    )
    middle_out = forms.BooleanField(
        required=False,
        label="Cut prompts that are too long",
        help_text="The “middle-out” transform takes words from the middle of a prompt that no"
        " provider of the model has room for. A request that says “transforms” itself is obeyed.",
    )
    time_zone = forms.CharField(max_length=64)
    theme = forms.ChoiceField(choices=Theme.choices)
    shortcuts = forms.BooleanField(
        required=False,
        label="Keyboard shortcuts",
        help_text="Single keys such as / and ? do something while you are not writing.",
    )
    low_balance = DollarsField(required=False)

    def __init__(self, *given: Any, catalog: Catalog, **options: Any) -> None:
        super().__init__(*given, **options)
        self._catalog = catalog
        ignored = self.fields["ignored_providers"]
        assert isinstance(ignored, forms.MultipleChoiceField)
        by_name = sorted(catalog.providers.values(), key=lambda each: each.name.casefold())
        ignored.choices = [(each.slug, each.name) for each in by_name]

    def clean_default_model(self) -> str:
        name: str = self.cleaned_data["default_model"]
        if name and (known := self._catalog.models.get(name)) is None:
            raise forms.ValidationError(
                f"{name} is not the id of a model here. Choose one of the list, or leave it empty."
            )
        if name and known is not None and known.kind == "media":
            raise forms.ValidationError(f"{name} makes media; choose a model that answers in text.")
        return name

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        time_zones.validate(name)
        return name

    def clean_low_balance(self) -> int | None:
        amount_nano: int | None = self.cleaned_data["low_balance"]
        if amount_nano is not None and amount_nano > _DOLLARS_NANO_MAX:
            raise forms.ValidationError("At most $1,000,000.")
        return amount_nano

    @staticmethod
    def initial_of(user: User, theme: str) -> dict[str, Any]:
        return {
            "default_model": user.default_model,
            "ignored_providers": user.ignored_providers,
            "middle_out": user.middle_out,
            "time_zone": user.time_zone,
            "theme": theme,
            "shortcuts": user.shortcuts,
            "low_balance": user.low_balance_nano,
        }

    def columns(self) -> dict[str, Any]:
        """Of the user, as the form says."""
        columns = dict(self.cleaned_data)
        columns["low_balance_nano"] = columns.pop("low_balance")
        return columns


class PolicyForm(forms.Form):
    """Whom prompts may reach."""

    allow_training = forms.BooleanField(
        required=False,
        label="Providers that may train on prompts",
        help_text="What you send may become part of a model of theirs.",
    )
    allow_retention = forms.BooleanField(
        required=False,
        label="Providers that may keep prompts",
        help_text="They store what you send for a while, to look for abuse or for reasons they do"
        " not tell.",
    )

    def wish(self, user: User) -> Wish:
        """What the form says, with the providers that the user ignores anyway."""
        return Wish(
            self.cleaned_data["allow_training"],
            self.cleaned_data["allow_retention"],
            frozenset(user.ignored_providers),
        )


class PromptLogForm(forms.Form):
    """Whether this server itself keeps prompts and answers."""

    log_prompts = forms.BooleanField(
        required=False,
        label="Keep prompts and answers of my account",
        help_text="Encrypted, for you to read beside each request. Pictures are not kept.",
    )
    prompt_days = forms.IntegerField(
        min_value=1,
        max_value=PROMPT_DAYS_MAX,
        label="Days to keep them",
        help_text=f"1 to {PROMPT_DAYS_MAX}. A shorter time counts for what is kept already.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class CloseForm(forms.Form):
    """The words that close an account."""

    email = forms.CharField(
        label="Your e-mail address",
        help_text="Type it, so that nobody does this by mistake.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        required=False,
        label="Your password",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *given: Any, user: User, **options: Any) -> None:
        super().__init__(*given, **options)
        self._user = user
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.strip().lower() != self._user.email:
            raise forms.ValidationError(f"Type {self._user.email} to go on.")
        return email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self._user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password


def low_balance_help() -> str:
    """What an empty field means here."""
    from ui.format import money

    site = settings.LOW_BALANCE_NANO
    if not site:
        return "An e-mail, once each time. Empty: never."
    return f"An e-mail, once each time. Empty: below {money(site)}. 0: never."
