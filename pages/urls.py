"""Pages of people. Names are in navigation.py where a menu leads to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from pages import landing, personal_data, privacy, provider_keys, styleguide, theme
from pages import settings as settings_pages

app_name = "pages"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("theme", theme.choose, name="theme"),
    path("settings", settings_pages.defaults, name="settings"),
    path("settings/privacy", privacy.policy, name="privacy"),
    path("settings/privacy/prompts", privacy.prompts, name="prompts"),
    path("settings/privacy/erase", privacy.erase, name="erase-prompts"),
    path("settings/export", personal_data.export, name="export"),
    path("settings/close", personal_data.close, name="close"),
    path("settings/provider-keys", provider_keys.listing, name="byok"),
    path("settings/provider-keys/<int:pk>/<slug:action>", provider_keys.act, name="byok-act"),
    path("settings/provider-keys/at/<slug:slug>", provider_keys.never_fall_back, name="byok-only"),
]
if settings.DEBUG:
    urlpatterns.append(path("_styleguide", styleguide.show, name="styleguide"))
