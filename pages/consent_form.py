"""What a user may change of what an app asks for: how much, how often anew, how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.app_requests import AppRequest, KeyTerms
from openrouter_site.money import NANO_PER_DOLLAR
from ui import format

PROPOSED = "proposed"
NONE = "none"
_DOLLARS = (1, 5, 20)
#: A key is limited unless its user says otherwise (design/hardening.md, section 8).
_DEFAULT_DOLLARS = "5"
_DAYS = (1, 7, 30, 90)
_PERIODS = {"": "never", "daily": "each day", "weekly": "each week", "monthly": "each month"}


class ConsentForm(forms.Form):
    """Each choice of the app is one among ours, and marked as its proposal."""

    limit = forms.ChoiceField(widget=forms.RadioSelect)
    period = forms.ChoiceField(required=False, label="Resets")
    lifetime = forms.ChoiceField(label="The key ends")
    replace = forms.BooleanField(required=False)

    def __init__(self, asked: AppRequest, data: Any = None) -> None:
        super().__init__(data)
        self.proposed = asked.proposed
        self._choices("limit", _limits(self.proposed), _limit_of(self.proposed))
        self._choices("period", _periods(self.proposed), self.proposed.period)
        lifetime = PROPOSED if self.proposed.expires_at else NONE
        self._choices("lifetime", _lifetimes(self.proposed), lifetime)

    def _choices(self, name: str, choices: list[tuple[str, str]], initial: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = initial

    @property
    def proposal(self) -> str:
        """What the app proposes, in words; "" when it leaves all to its user."""
        said = []
        if self.proposed.limit_nano is not None:
            anew = _PERIODS[self.proposed.period] if self.proposed.period else "in all"
            said.append(f"{format.money_exact(self.proposed.limit_nano)} {anew}")
        if self.proposed.expires_at:
            said.append(f"until {format.day(self.proposed.expires_at)}")
        return ", ".join(said)

    def terms(self) -> KeyTerms:
        """Of a valid form."""
        chosen = self.cleaned_data
        limit_nano = self._limit_nano(chosen["limit"])
        return replace(
            self.proposed,
            limit_nano=limit_nano,
            # Without a limit there is nothing that could count anew.
            period="" if limit_nano is None else chosen["period"],
            expires_at=self._expires_at(chosen["lifetime"]),
        )

    def _limit_nano(self, chosen: str) -> int | None:
        if chosen == PROPOSED:
            return self.proposed.limit_nano
        return None if chosen == NONE else int(chosen) * NANO_PER_DOLLAR

    def _expires_at(self, chosen: str) -> datetime | None:
        if chosen == PROPOSED:
            return self.proposed.expires_at
        return None if chosen == NONE else timezone.now() + timedelta(days=int(chosen))


def _limit_of(proposed: KeyTerms) -> str:
    """The choice that is the app's, or ours when it has none."""
    if proposed.limit_nano is None:
        return _DEFAULT_DOLLARS
    dollars, rest = divmod(proposed.limit_nano, NANO_PER_DOLLAR)
    return str(dollars) if not rest and dollars in _DOLLARS else PROPOSED


def _limits(proposed: KeyTerms) -> list[tuple[str, str]]:
    choices = [(str(dollars), f"${dollars}") for dollars in _DOLLARS]
    if proposed.limit_nano is not None and _limit_of(proposed) == PROPOSED:
        choices.append((PROPOSED, format.money_exact(proposed.limit_nano)))
    return [*choices, (NONE, "No limit")]


def _periods(proposed: KeyTerms) -> list[tuple[str, str]]:
    return [
        (period, words + _mark(bool(period) and period == proposed.period))
        for period, words in _PERIODS.items()
    ]


def _lifetimes(proposed: KeyTerms) -> list[tuple[str, str]]:
    choices = [(NONE, "never")]
    choices += [(str(days), f"after {days} day{'s' if days > 1 else ''}") for days in _DAYS]
    if proposed.expires_at:
        choices.append((PROPOSED, format.day(proposed.expires_at) + _mark(True)))
    return choices


def _mark(is_proposed: bool) -> str:
    return " (proposed)" if is_proposed else ""
