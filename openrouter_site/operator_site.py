"""The operator's admin: behind the login that everybody uses, and a second factor where due."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User


class OperatorSite(AdminSite):
    """Django's own login page would ask for no second factor and count no tries."""

    site_header = site_title = settings.SITE_NAME

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not lacks_second_factor(request.user)

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Where Django sends whoever may not enter."""
        if not request.user.is_authenticated:
            target = request.GET.get("next") or reverse("admin:index")
            login = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': target})}"
            return HttpResponseRedirect(login)
        if request.user.is_staff and lacks_second_factor(request.user):
            messages.warning(
                request, "The admin needs a second factor: add an authenticator app or a passkey."
            )
            return redirect("mfa_index")
        if request.user.is_staff:
            return redirect("admin:index")
        raise PermissionDenied


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whoever has one was asked for it when this session began."""
    return settings.STAFF_TWO_FACTOR and not is_mfa_enabled(user)
