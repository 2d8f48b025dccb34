"""What every template may use: numbers for people, icons, small pictures, addresses."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ui import charts, format
from ui.site_address import base_url

register = template.Library()

_AVATAR_COLOURS = 10
_JS = Path(settings.BASE_DIR) / "static" / "js"
# What our modules take from static/vendor: modules, and the addresses of other files, which they
# get by import.meta.resolve("vendor/...").
_VENDORED = {
    "vendor/markdown": "markdown/markdown.js",
    "vendor/highlight": "highlight/highlight.js",
    "vendor/katex": "katex/katex.js",
    "vendor/katex.css": "katex/katex.css",
    "vendor/three": "three/three.js",
    "vendor/icons.svg": "icons/icons.svg",
}

for _filter in (
    format.money, format.money_exact, format.price_per_million, format.price_each,
    format.count, format.compact, format.context_length, format.percent, format.duration,
    format.exact, format.day,
):  # fmt: skip
    register.filter(_filter.__name__, _filter)


@register.filter
def relative(moment: datetime | None) -> str:
    """5 min ago."""
    return format.relative(moment, timezone.now())


@register.simple_tag
def moment(value: datetime | None, never: str = "never") -> SafeString | str:
    """Relative, with the exact time on hover; x-time keeps it current while the page is open."""
    if value is None:
        return never
    return format_html(
        '<x-time><time datetime="{}" title="{}">{}</time></x-time>',
        value.isoformat(), format.exact(value), relative(value),
    )  # fmt: skip


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """A picture of the sprite (frontend/icons.json). Without a label it is decoration."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else "aria-hidden=true"
    return format_html(
        '<svg class="icon{}" {} focusable="false"><use href="{}#{}"/></svg>',
        f" icon-{size}" if size else "", spoken, static("vendor/icons/icons.svg"), name,
    )  # fmt: skip


@register.filter
def avatar_colour(slug: object) -> str:
    """The same for the same author on every page: a0 to a9."""
    return f"a{zlib.crc32(str(slug).casefold().encode()) % _AVATAR_COLOURS}"


@register.filter
def initials(name: object) -> str:
    """Two of an e-mail address or a name of two words, else one."""
    words = (
        str(name).partition("@")[0].replace(".", " ").replace("-", " ").replace("_", " ").split()
    )
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag
def url_or_nothing(name: str, *args: object, **kwargs: object) -> str:
    """The address of a page, or nothing where this installation has no such page."""
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def block_text(context: Context, name: str) -> SafeString:
    """What a block of this page says, once more: for an attribute, in one line."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks is not None else None
    text = " ".join(block.render(context).split()) if block is not None else ""
    return mark_safe(text.replace('"', "&quot;"))


@register.simple_tag(takes_context=True)
def page_address(context: Context) -> str:
    """Of this page, without its query, with the host by which visitors reach it. Empty where that
    is no name of a host: the page that says so has an address bar too."""
    request: HttpRequest | None = context.get("request")
    if request is None:
        return ""
    try:
        return base_url(request) + request.path
    except DisallowedHost:
        return ""


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """This page's query string with some values replaced; None removes one."""
    request: HttpRequest | None = context.get("request")
    values = request.GET.copy() if request is not None else None
    if values is None:
        return ""
    for name, value in changes.items():
        values.pop(name, None)
        if value not in (None, ""):
            values[name] = str(value)
    return f"?{values.urlencode()}" if values else "?"


@register.simple_tag
def sparkline(values: Sequence[int], title: str = "") -> SafeString:
    return charts.sparkline(values, title)


@register.simple_tag
def uptime_strip(
    shares: Sequence[float | None], title: str = "", is_narrow: bool = False
) -> SafeString:
    return charts.uptime_strip(shares, title, is_narrow=is_narrow)


@register.filter
def share_of(part: int, whole: int) -> int:
    """A whole percentage, 0 to 100, for meters."""
    return 0 if not whole or part <= 0 else min(100, part * 100 // whole)


def _modules() -> dict[str, str]:
    names = sorted(path.relative_to(_JS).as_posix() for path in _JS.rglob("*.js"))
    own = {name.removesuffix(".js"): static(f"js/{name}") for name in names}
    return own | {name: static(f"vendor/{path}") for name, path in _VENDORED.items()}


_kept_modules = lru_cache(maxsize=1)(_modules)


@register.simple_tag(takes_context=True)
def importmap(context: Context) -> SafeString:
    """Each module of static/js by its name ("el/copy"), and what they use of others, so that files
    import each other whatever their addresses are."""
    imports = (_modules if settings.DEBUG else _kept_modules)()
    text = json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        context.get("CSP_NONCE", ""),
        mark_safe(text),
    )


@register.filter
def lookup(mapping: Any, key: object) -> Any:
    """mapping[key], or None."""
    return mapping.get(key) if mapping is not None else None


@register.filter
def author(model_id: object) -> str:
    """meta-llama of meta-llama/llama-3-70b-instruct."""
    return str(model_id).partition("/")[0]


@register.filter
def slug(model_id: object) -> str:
    """llama-3-70b-instruct of meta-llama/llama-3-70b-instruct."""
    return str(model_id).partition("/")[2]
