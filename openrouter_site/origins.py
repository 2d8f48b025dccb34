"""Where a page is from that opens a socket or a stream: cookies come along whoever opens it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def is_own(origin: str, host: str) -> bool:
    """Whether an Origin header is this site's; `host` is that of the request."""
    if origin == settings.SITE_URL or origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    # In production the public address is known; elsewhere the page's host must be the socket's.
    if settings.PRODUCTION or not host:
        return False
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False
