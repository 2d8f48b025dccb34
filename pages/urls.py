"""Pages of people. Names are in navigation.py where a menu leads to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from pages import connected, consent, landing, styleguide, theme

app_name = "pages"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("theme", theme.choose, name="theme"),
    path("auth", consent.consent, name="consent"),
    path("auth/switch", consent.switch, name="consent-switch"),
    path("auth/debug", consent.debug, name="consent-debug"),
    path("settings/apps", connected.connected, name="connected-apps"),
    path("settings/apps/revoke", connected.revoke_app, name="revoke-app"),
    path("settings/apps/keys/<int:key_id>/revoke", connected.revoke_key, name="revoke-app-key"),
]
if settings.DEBUG:
    urlpatterns.append(path("_styleguide", styleguide.show, name="styleguide"))
