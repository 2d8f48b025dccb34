"""What the templates about credits are given beside rows: tabs, amounts on offer, words."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from billing.payments.money import Quote, maximum_nano, minimum_nano, presets
from openrouter_site.money import format_amount
from ui.format import money

_TABS = (
    ("overview", "Overview", "pages:credits"),
    ("payments", "Payments", "pages:payments"),
    ("history", "History", "pages:credits-history"),
)


def tabs() -> list[dict[str, str]]:
    return [{"value": value, "label": label, "href": reverse(name)} for value, label, name in _TABS]


def round_money(amount_nano: int) -> str:
    """$10, and $10.50 where there are cents."""
    return money(amount_nano).removesuffix(".00")


@dataclass(frozen=True, slots=True)
class Choice:
    """An amount on offer, as the form sends it and as people read it."""

    quote: Quote
    is_chosen: bool

    @property
    def value(self) -> str:
        return format_amount(self.quote.amount_nano)

    @property
    def label(self) -> str:
        return round_money(self.quote.amount_nano)


def choices(chosen: Quote | None) -> list[Choice]:
    return [Choice(quote, quote == chosen) for quote in presets()]


def bounds() -> str:
    """What one's own amount may be."""
    return f"From {round_money(minimum_nano())} to {round_money(maximum_nano())}."
