"""One row as the operator wants it, for the commands add_provider and add_endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog import models
from catalog.changes import Difference
from catalog.entry import InvalidCatalog

# Where nearly every server that speaks like OpenAI has them.
OPENAI_PATHS = {
    "chat_path": "/chat/completions",
    "completions_path": "/completions",
    "models_path": "/models",
}


def put(row: models.Row, fields: Mapping[str, Any]) -> list[Difference]:
    """Save a new row, or what differs of an old one, as the operator's; returns what differed.

    Raises InvalidCatalog naming the field. Live everywhere within seconds after the commit.
    """
    differences = [
        (name, getattr(row, name), value)
        for name, value in fields.items()
        if getattr(row, name) != value
    ]
    if not differences and not row._state.adding:
        return []
    for name, _, value in differences:
        setattr(row, name, value)
    row.origin = models.Origin.OPERATOR
    with transaction.atomic():
        models.bump_version()
        _check(row)
        row.save()
    return differences


def _check(row: models.Row) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        label = "" if field == "__all__" else f"{field.removesuffix('_pico')}: "
        raise InvalidCatalog(f"{label}{problems[0]}") from None


def find_provider(name: str) -> models.Provider:
    """By display name or slug; raises InvalidCatalog with the known ones."""
    known = list(models.Provider.objects.all())
    for row in known:
        if name.casefold() in {row.name.casefold(), row.slug}:
            return row
    names = ", ".join(sorted((row.name for row in known), key=str.casefold)) or "none yet"
    raise InvalidCatalog(f"there is no provider {name!r}. Known: {names}. See add_provider.")
