"""What a row of the catalog may hold, beyond the type of its column.

The admin, the commands and the importer all meet these through `Model.clean_fields()`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

provider_slug = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", "use lower-case letters, digits and dashes, as in deepinfra"
)
model_slug = RegexValidator(
    r"\A[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*(:[a-z0-9]+)?\Z",
    "use author/name or author/name:variant, as in meta-llama/llama-3-8b-instruct:free",
)
environment_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
header_name = RegexValidator(r"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z", "is not the name of a header")


def base_url(value: str) -> None:
    """http(s)://host[:port][/path]; {placeholders} are filled when the catalog is read."""
    try:
        parts = urlsplit(value)
        port = parts.port  # raises for one that is not a number or too large
    except ValueError:
        raise ValidationError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValidationError("must start with http:// or https:// and name a host")
    if parts.username or parts.password:
        raise ValidationError("must not hold a credential; name its environment variable instead")
    if parts.query or parts.fragment or re.search(r"\s", value):
        raise ValidationError("must not have a query, a fragment or spaces")
    if value.endswith("/"):
        raise ValidationError("must not end with a slash; the paths begin with one")


def path(value: str) -> None:
    if not value.startswith("/") or re.search(r"\s", value):
        raise ValidationError("must start with a slash and hold no spaces")


def text_list(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValidationError("must be a list of texts")


def environment_names(value: Any) -> None:
    text_list(value)
    if not all(environment_name.fullmatch(name) for name in value):
        # Not repeated: who puts the key itself here must not find it in a log.
        raise ValidationError("must name environment variables, as in LOCAL_API_KEY")


def text_map(value: Any) -> None:
    if not isinstance(value, dict) or not all(
        isinstance(item, str) and item for pair in value.items() for item in pair
    ):
        raise ValidationError("must be an object whose values are texts")


def headers(value: Any) -> None:
    """Names and values that can be sent as they are: no line breaks, latin-1."""
    text_map(value)
    for name, text in value.items():
        header_name(name)
        if not text.isprintable() or not text.isascii():
            raise ValidationError(f"the value of {name} must be printable ASCII")


def media_pricing(value: Any) -> None:
    """{"usd": "0.01", "unit": "32 steps", "steps": 32}: texts and whole numbers."""
    if not isinstance(value, dict) or not all(type(item) in {str, int} for item in value.values()):
        raise ValidationError("must be an object of texts and whole numbers")
