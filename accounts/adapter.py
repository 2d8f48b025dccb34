"""What django-allauth asks the product: who may sign up, how mail is sent, when to ask again."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import sign_up
from accounts.models import User
from accounts.reauthentication import ask_again, means, signed_in_recently

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "incorrect_code": "This code is not right.",
        "incorrect_password": "This password is not right.",
        "too_many_login_attempts": "Too many tries. Wait five minutes, or reset your password.",
        "rate_limited": "Too many tries. Wait a minute and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return sign_up.is_open()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away is said on the page, to whomever asks, and logged."""
        own = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
        try:
            super().send_mail(template_prefix, email, {**context, **own})
        except (OSError, SMTPException):
            logger.exception("%s was not sent", template_prefix)
            messages.error(
                self.request, "The e-mail could not be sent. Try again in a few minutes."
            )

    def send_account_already_exists_mail(self, email: str) -> None:
        """Sent where no account was made: the address has one, or may have none."""
        if User.objects.filter(email=email).exists():
            super().send_account_already_exists_mail(email)
        else:
            self.send_mail("account/email/not_invited", email, {})

    def post_login(self, request: HttpRequest, user: User, **about: Any) -> HttpResponse:
        """Whoever has just signed up has shown who he is, as by a login."""
        if about["signup"] and user.has_usable_password():
            record_authentication(request, user, method="password")
        response: HttpResponse = super().post_login(request, user, **about)
        return response

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """False when somebody took the address between the code and its confirmation."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            messages.error(request, "This address cannot be used. Choose another one.")
            return False

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use your authenticator app",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": words[method["id"]]} for method in methods]

    def is_ajax(self, request: HttpRequest) -> bool:
        """Forms are answered with pages; only the script that asks for a passkey gets JSON."""
        wants_options = request.path == reverse("mfa_login_webauthn") and request.method == "GET"
        return wants_options and bool(super().is_ajax(request))

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Whoever signed in a moment ago has just shown who he is."""
        required: bool = super().is_reauthentication_required(app=app, **options)
        required = required and not signed_in_recently(context.request)
        if required and not means(context.request):
            # allauth would let him pass, and a thief of the session add a factor of his own.
            raise ImmediateHttpResponse(ask_again(context.request, reverse("pages:security")))
        return required


class SocialAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Only an address that the provider has verified can be an invited one."""
        if not sign_up.is_open():
            return False
        verified = [address.email for address in sociallogin.email_addresses if address.verified]
        return settings.SIGN_UP == "open" or any(map(sign_up.may_join, verified))
