"""The page that makes the first operator: /setup?token=..., as `make run` printed it."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import setup
from accounts.models import User


class SetupForm(forms.Form):
    token = forms.CharField(widget=forms.HiddenInput, max_length=100)
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label="Password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            validate_password(cleaned.get("password", ""), User(email=cleaned.get("email", "")))
        except ValidationError as error:
            if "password" in cleaned:
                self.add_error("password", error)
        return cleaned


@never_cache
@sensitive_post_parameters("token", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def first_operator(request: HttpRequest) -> HttpResponse:
    """404 as soon as there is an operator; 403 for a link that is not the last one printed."""
    if not setup.is_needed():
        raise Http404
    data = request.POST if request.method == "POST" else request.GET
    if not setup.is_valid(data.get("token", "")):
        return render(request, "account/setup_refused.html", status=403)
    if request.method != "POST":
        form = SetupForm(initial={"token": request.GET["token"]})
        return render(request, "account/setup.html", {"form": form})
    form = SetupForm(request.POST)
    if form.is_valid() and (operator := _made(form)):
        return _signed_in(request, operator)
    return render(request, "account/setup.html", {"form": form})


def _signed_in(request: HttpRequest, operator: User) -> HttpResponse:
    record_authentication(request, operator, method="password")
    messages.success(request, "You operate this instance now.")
    response: HttpResponse = perform_login(request, Login(user=operator, email=operator.email))
    return response


def _made(form: SetupForm) -> User | None:
    given = form.cleaned_data
    try:
        return setup.make_operator(given["token"], given["email"], given["password"])
    except setup.NotAllowed:
        raise Http404 from None
    except setup.AddressTaken:
        form.add_error(
            "email",
            "There is an account with this address. Choose another one, or make that account an"
            " operator with manage.py shell.",
        )
        return None
