"""The address of this instance, as visitors write it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Where this instance is reached: SITE_URL in production, else as the visitor reached it.

    Without PRODUCTION any Host is allowed, and SITE_URL is often left at its default while people
    come by another name.
    """
    if settings.PRODUCTION:
        site_url: str = settings.SITE_URL
        return site_url
    return request.build_absolute_uri("/").rstrip("/")
