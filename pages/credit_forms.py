"""Forms about money. Each carries a token made for it: sent twice, it does one thing."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from billing.models import AutoTopUp
from billing.payments import auto_topup_terms
from billing.payments.auto_topup_terms import Terms
from billing.payments.money import NANO_PER_CENT, Quote, maximum_nano, minimum_nano, presets, quote
from openrouter_site.money import format_amount
from pages.dollars_field import DollarsField

_TOKEN = RegexValidator(r"\A[A-Za-z0-9_-]{16,64}\Z", "Load this page again, then try once more.")


def new_token() -> str:
    return secrets.token_urlsafe(18)


class TokenField(forms.CharField):
    """The idempotency key of a form that nobody sees it in."""

    def __init__(self, *, required: bool) -> None:
        words = {"required": "Load this page again, then try once more."}
        super().__init__(validators=[_TOKEN], required=required, error_messages=words)


class TokenForm(forms.Form):
    """One token for all tries of a form, also after it was refused."""

    @property
    def token_value(self) -> str:
        sent = str(self.data.get("token", ""))
        return sent if sent and not self["token"].errors else new_token()


class PurchaseForm(TokenForm):
    """An amount on offer or one's own: where both are sent, the own one was typed on purpose."""

    # Read as dollars below, whatever it is.
    amount = forms.Field(required=False)
    save_card = forms.BooleanField(required=False)
    # What was shown beside the button; something else is shown before it is asked for.
    total = forms.Field(required=False)
    token = TokenField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["own_amount"] = DollarsField(
            minimum_nano(), maximum_nano(), required=False, label="Another amount"
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if "own_amount" in self.errors:
            return cleaned
        if cleaned.get("own_amount") is None:
            chosen = DollarsField(minimum_nano(), maximum_nano(), required=False)
            try:
                cleaned["own_amount"] = chosen.clean(cleaned.get("amount"))
            except forms.ValidationError as error:
                self.add_error("own_amount", error)
                return cleaned
        if cleaned.get("own_amount") is None:
            self.add_error("own_amount", "Choose an amount, or give one.")
        return cleaned

    @property
    def quote(self) -> Quote:
        """Of a valid form."""
        return quote(self.cleaned_data["own_amount"])

    @property
    def is_as_shown(self) -> bool:
        """Whether what is to be paid is what was last shown, in a form that is sent once."""
        if not self.cleaned_data["token"]:
            return False
        return bool(self.cleaned_data["total"] == format_amount(self.quote.total_nano))

    def key(self) -> str:
        """Another amount by the same form is another payment."""
        cents = format_amount(self.quote.amount_nano)
        return f"page:{self.cleaned_data['token']}:{cents}:{self.cleaned_data['save_card']:d}"


def default_quote() -> Quote:
    """What is chosen before anybody chose: the second on offer, or the least there is."""
    offered = presets()
    return offered[min(1, len(offered) - 1)] if offered else quote(minimum_nano())


class RefundForm(TokenForm):
    token = TokenField(required=True)

    def __init__(self, maximum: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = DollarsField(
            min(NANO_PER_CENT, maximum), maximum, initial=maximum, label="Amount"
        )


class AutoTopUpForm(forms.Form):
    """The terms; turning it off needs none."""

    _WORDS = {
        "threshold": ("When credits fall below", "Looked at every minute."),
        "amount": ("Buy", "Credits; the fee comes on top."),
        "monthly_cap": ("At most in a month", "Fees included, in each UTC month."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounds = auto_topup_terms.bounds()
        for name, (label, help_text) in self._WORDS.items():
            self.fields[name] = DollarsField(*bounds[name], label=label, help_text=help_text)

    @classmethod
    def of(cls, row: AutoTopUp) -> AutoTopUpForm:
        """As it is stored; before that, with figures that make sense."""
        if row.amount_nano:
            return cls(
                initial={name: getattr(row, f"{name}_nano") for name in auto_topup_terms.bounds()}
            )
        amount_nano = default_quote().amount_nano
        return cls(
            initial={
                "threshold": minimum_nano(),
                "amount": amount_nano,
                "monthly_cap": 5 * quote(amount_nano).total_nano,
            }
        )

    def terms(self) -> Terms:
        return Terms(
            **{f"{name}_nano": self.cleaned_data[name] for name in auto_topup_terms.bounds()}
        )
