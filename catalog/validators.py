"""What a row of the catalog may hold, beyond the type of its column.

The admin, the commands and the importer all meet these through `Model.clean_fields()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from openrouter_site.money import format_price

provider_slug = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", "use lower-case letters, digits and dashes, as in deepinfra"
)
model_slug = RegexValidator(
    r"\A[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*(:[a-z0-9]+)?\Z",
    "use author/name or author/name:variant, as in meta-llama/llama-3-8b-instruct:free",
)
environment_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
header_name = RegexValidator(r"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z", "is not the name of a header")
label = RegexValidator(
    r"\A[\w.@:/+-]+( [\w.@:/+-]+)*\Z", "use letters, digits and single spaces, as in main account"
)


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


def discount(price_pico: int | None, list_price_pico: int | None, percent: int | None) -> None:
    """The price is the list price less the discount, whose whole percents are rounded; but what is
    100 % off is free."""
    if price_pico is None or list_price_pico is None or percent is None:
        return
    exact, shown = 100 * (list_price_pico - price_pico), percent * list_price_pico
    if 2 * abs(exact - shown) > list_price_pico or (percent == 100 and price_pico):
        raise ValidationError(
            f"{percent} % off the list price is"
            f" {format_price((100 - percent) * list_price_pico // 100)} $ per token, and the price"
            f" is {format_price(price_pico)} $"
        )


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


def _is_count(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 1_000


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_name, value))


# Where providers depart from their dialect, and what a value must be;
# routing.formats.openai_quirks acts upon it.
QUIRKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "alternates": (lambda value: value is True, "true"),
    "completes_base_only": (lambda value: value is True, "true"),
    "logprobs_integer": (lambda value: value is True, "true"),
    "prefill": (lambda value: value in ("prefix", "template", "ask"), "prefix, template or ask"),
    "response_types": (_is_names, "a list of texts"),
    "schema_beside_type": (lambda value: value is True, "true"),
    "stop_max": (_is_count, "a whole number from 1 to 1000"),
    "tool_choice_required": (_is_name, "a text"),
    "tool_id_length": (lambda value: _is_count(value) and 5 <= value <= 40, "from 5 to 40"),
}


def quirks(value: Any) -> None:
    """{"stop_max": 4}: known keys only, since nothing would act upon any other."""
    if not isinstance(value, dict):
        raise ValidationError("must be an object")
    for key, setting in value.items():
        if key not in QUIRKS:
            raise ValidationError(f"knows no {key!r}, only {', '.join(QUIRKS)}")
        fits, wanted = QUIRKS[key]
        if not fits(setting):
            raise ValidationError(f"{key} must be {wanted}")
