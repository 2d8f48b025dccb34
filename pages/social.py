"""Where a form leads away to Google or GitHub: the page with that form may say so, no other one.

The policy's form-action holds for redirects after a POST too.
"""

from __future__ import annotations

from csp.decorators import csp_update
from django.conf import settings
from django.urls import URLPattern, path
from django.utils.module_loading import import_string

_ORIGINS = {"google": "https://accounts.google.com", "github": "https://github.com"}


def paths() -> list[URLPattern]:
    """Of those that are configured; they come before allauth's own."""
    return [_login(name) for name in settings.SOCIAL_SIGN_IN]


def _login(name: str) -> URLPattern:
    view = import_string(f"allauth.socialaccount.providers.{name}.views.oauth2_login")
    return path(f"accounts/{name}/login/", csp_update({"form-action": [_ORIGINS[name]]})(view))
