"""Texts of the OpenAPI document as HTML."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_CODE = re.compile(r"`([^`]+)`")
_METHOD_KINDS = {"GET": "info", "POST": "ok", "PUT": "warn", "PATCH": "warn", "DELETE": "bad"}


@register.filter
def with_code(text: object) -> SafeString:
    """What stands between backticks as code; the rest is escaped."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(str(text))))


@register.filter
def method_kind(method: str) -> str:
    """The kind of badge of an HTTP method."""
    return _METHOD_KINDS[method]


@register.filter
def status_kind(status: int) -> str:
    """The kind of badge of an HTTP status: whose fault it is."""
    return "bad" if status >= 500 else "warn"
