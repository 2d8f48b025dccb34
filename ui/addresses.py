"""This page's address with a part of it changed: for links that keep the rest of the state."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest


def changed(request: HttpRequest, **values: object) -> str:
    """The query string with these values; None takes one away. "?" when nothing is left."""
    query = request.GET.copy()
    for name, value in values.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def links(
    request: HttpRequest, name: str, choices: Sequence[tuple[str, str]], **others: object
) -> list[dict[str, str]]:
    """For c-segmented and c-tabs: each choice of `name`, with `others` changed as well."""
    return [
        {"value": value, "label": label, "href": changed(request, **others, **{name: value})}
        for value, label in choices
    ]
