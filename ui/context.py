"""What every page knows of the site: its name, its mark, its colours, the visitor's theme."""

from __future__ import annotations

import base64
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"


def theme(request: HttpRequest) -> str:
    """What the visitor chose; anything else in the cookie is no choice."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


@lru_cache(maxsize=4)
def _mark_address(mark: str) -> str:
    """An SVG as the address of an image: there it cannot run anything. Empty for letters."""
    if not mark.startswith("<"):
        return ""
    return f"data:image/svg+xml;base64,{base64.b64encode(mark.encode()).decode()}"


@lru_cache(maxsize=4)
def accent_style(accent: tuple[str, str] | None) -> str:
    """The rules that replace the accent of tokens.css; its shades are mixed from it."""
    if accent is None:
        return ""
    light, dark = accent
    return (
        f":root{{--accent:light-dark({light},{dark});"
        "--accent-hover:color-mix(in oklab,var(--accent),black 14%);"
        "--accent-soft:color-mix(in oklab,var(--accent) 12%,var(--surface));"
        f"--accent-text:light-dark(color-mix(in oklab,{light},black 15%),"
        f"color-mix(in oklab,{dark} 45%,white))}}"
    )


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor. Reads settings and a cookie; never the database."""
    mark_address = _mark_address(settings.SITE_MARK)
    return {
        "site_name": settings.SITE_NAME,
        "site_mark_letters": "" if mark_address else settings.SITE_MARK[:2],
        "site_mark_address": mark_address,
        "accent_style": accent_style(settings.SITE_ACCENT),
        "theme": theme(request),
    }
