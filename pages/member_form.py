"""Forms about members: their role, what they may spend, and how they are invited."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.access import Seat, is_owner
from accounts.member_rows import Role
from billing.models import Budget
from pages import key_terms
from pages.dollar_field import DollarField

_ROLES = (
    (Role.MEMBER.value, "Member: makes and uses own keys"),
    (Role.ADMIN.value, "Admin: also invites, sets budgets, manages members' keys"),
)


class MemberForm(forms.Form):
    role = forms.ChoiceField(choices=_ROLES, initial=Role.MEMBER.value)
    limit = DollarField(
        required=False, label="Budget", help_text="For all their keys together. Empty: no limit."
    )
    period = forms.ChoiceField(
        choices=key_terms.PERIODS, required=False, label="Resets",
        help_text="At 00:00 UTC; weeks begin on Monday.",
    )  # fmt: skip

    def __init__(self, seat: Seat, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if not is_owner(seat):
            # Admins are the owner's choice.
            del self.fields["role"]

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if cleaned.get("period") and cleaned.get("limit") is None and "limit" not in self.errors:
            self.add_error("limit", "Set a budget to reset, or choose Never.")
        return cleaned

    @classmethod
    def of(cls, seat: Seat, role: str, budget: Budget, data: Any) -> MemberForm:
        """With what there is already."""
        initial = {"role": role, "limit": budget.limit_nano, "period": budget.period}
        return cls(seat, data, initial=initial)


class InvitationForm(MemberForm):
    email = forms.EmailField(
        label="E-mail address",
        help_text="Only who has this address can accept, once, within a week.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role", "limit", "period")
