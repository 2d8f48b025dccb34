"""Pages of people. Names are in navigation.py where a menu leads to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from pages import invitations, landing, security, setup, social, styleguide, theme

app_name = "pages"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("theme", theme.choose, name="theme"),
    path("setup", setup.first_operator, name="setup"),
    path("invitations/<str:token>", invitations.accept, name="invitation"),
    path("memberships/<int:member_id>", invitations.membership, name="membership"),
    path("settings/security", security.overview, name="security"),
    path("settings/security/sessions/end", security.end_other_sessions, name="end-sessions"),
    path(
        "settings/security/sessions/<int:session_id>/end", security.end_session, name="end-session"
    ),
    # What allauth has at these is in the overview.
    path("accounts/2fa/", security.moved),
    path("accounts/2fa/webauthn/", security.moved),
    path("accounts/sessions/", security.moved),
    *social.paths(),
]
if settings.DEBUG:
    urlpatterns.append(path("_styleguide", styleguide.show, name="styleguide"))
