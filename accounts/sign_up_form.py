"""The form of the sign-up page. It answers the same whether or not an address has an account, or
is invited: what differs is in the e-mail."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts import sign_up
from accounts.models import User


class SignUpForm(SignupForm):
    account_already_exists: bool

    def validate_unique_email(self, value: str) -> str:
        """`account_already_exists` is allauth's word for: answer as always, and make no account."""
        email: str = super().validate_unique_email(value)
        self.account_already_exists = self.account_already_exists or not sign_up.may_join(email)
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # Hashing takes long enough to be measured: the time must not tell either.
            make_password(self.cleaned_data.get("password1"))
        try:
            with transaction.atomic():
                saved: tuple[Any, Any] = super().try_save(request)
        except IntegrityError:
            # Somebody signed up with this address in the same moment.
            self.account_already_exists = True
            saved = super().try_save(request)
        return saved
