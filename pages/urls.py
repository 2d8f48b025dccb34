"""Paths of the pages for people."""

from __future__ import annotations

from django.urls import path

from pages import connected, consent

app_name = "pages"

urlpatterns = [
    path("auth", consent.consent, name="consent"),
    path("auth/switch", consent.switch, name="consent-switch"),
    path("auth/debug", consent.debug, name="consent-debug"),
    path("settings/apps", connected.connected, name="connected-apps"),
    path("settings/apps/revoke", connected.revoke_app, name="revoke-app"),
    path("settings/apps/keys/<int:key_id>/revoke", connected.revoke_key, name="revoke-app-key"),
]
