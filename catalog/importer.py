"""A document into the database: what differs is changed, and told.

One transaction; processes that serve meet all of it or nothing. Rows of the operator stay as he
set them, and a row that he switched off stays off.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from django.db import DatabaseError, transaction

from catalog import models
from catalog.changes import Changes, Difference
from catalog.document import Document, Wanted
from catalog.entry import InvalidCatalog

AnyRow = TypeVar("AnyRow", bound=models.Row)


def apply(document: Document, *, prune: bool = False, dry_run: bool = False) -> Changes:
    """Load it; raises InvalidCatalog, and then nothing has changed.

    `prune` disables the catalog's rows that the document does not have; one that comes back is
    enabled again. The version counts up only if a row changed and this is no `dry_run`.
    """
    changes = Changes()
    try:
        with transaction.atomic():
            models.bump_version()  # takes the lock that makes two loads take turns
            _apply(document, changes, prune)
            if dry_run or not changes:
                transaction.set_rollback(True)
    except (DatabaseError, ValueError) as error:
        if isinstance(error, InvalidCatalog):
            raise
        raise InvalidCatalog(f"the database refuses it: {error}") from error
    return changes


def _apply(document: Document, changes: Changes, prune: bool) -> None:
    if prune:
        _refuse_empty(document)
    if document.providers is not None:
        rows = list(models.Provider.objects.all())
        _refuse_same_names(rows, document.providers)
        _merge(models.Provider, rows, lambda row: (row.slug,), document.providers, changes)
    if document.models is not None:
        known = models.Model.objects.all()
        _merge(models.Model, known, lambda row: (row.slug,), document.models, changes)
    if document.endpoints is not None:
        endpoints = models.Endpoint.objects.select_related("model", "provider")
        wanted = _resolved(document.endpoints)
        _merge(models.Endpoint, endpoints, _endpoint_key, wanted, changes)
    if prune:
        _disable_unlisted(changes)


def _endpoint_key(row: models.Endpoint) -> tuple[Hashable, ...]:
    return row.model.slug, row.provider.slug, row.tag


def _merge(
    kind: type[AnyRow],
    rows: Iterable[AnyRow],
    key: Callable[[AnyRow], tuple[Hashable, ...]],
    wanted: list[Wanted],
    changes: Changes,
) -> None:
    """Add and change rows of one kind, and note which of the catalog's are not wanted."""
    existing = {key(row): row for row in rows}
    added: list[AnyRow] = []
    for want in wanted:
        row = existing.pop(want.key, None)
        if row is None:
            added.append(kind(**want.fields, origin=models.Origin.CATALOG))
        elif differences := _differences(row, want):
            if row.origin == models.Origin.OPERATOR:
                changes.kept.append(row)
            else:
                _change(row, differences)
                changes.changed.append((row, differences))
    kind._default_manager.bulk_create(added)
    changes.added += added
    changes.unlisted += [
        row for row in existing.values() if row.enabled and row.origin == models.Origin.CATALOG
    ]


def _differences(row: models.Row, want: Wanted) -> list[Difference]:
    differences: list[Difference] = [
        (name, getattr(row, name), value)
        for name, value in want.fields.items()
        if getattr(row, name) != value
    ]
    if row.origin == models.Origin.RETIRED:
        differences += [("origin", row.origin, models.Origin.CATALOG)]
        if not row.enabled:
            differences += [("enabled", False, True)]
    return differences


def _change(row: models.Row, differences: list[Difference]) -> None:
    for name, _, value in differences:
        setattr(row, name, value)
    row.save(update_fields=[name for name, _, _ in differences])


def _disable_unlisted(changes: Changes) -> None:
    changes.removed, changes.unlisted = changes.unlisted, []
    for row in changes.removed:
        row.enabled, row.origin = False, models.Origin.RETIRED
        row.save(update_fields=["enabled", "origin"])


def _refuse_empty(document: Document) -> None:
    """A broken export must not switch the service off."""
    for name in ("providers", "models", "endpoints"):
        if getattr(document, name) == []:
            raise InvalidCatalog(f"--prune with an empty list of {name} would disable all of them")


def _refuse_same_names(rows: Iterable[models.Provider], wanted: Iterable[Wanted]) -> None:
    names = {row.slug: row.name for row in rows}
    kept = {row.slug for row in rows if row.origin == models.Origin.OPERATOR}
    names |= {
        want.fields["slug"]: want.fields["name"]
        for want in wanted
        if want.fields["slug"] not in kept
    }
    slugs: dict[str, str] = {}
    for slug, name in names.items():
        other = slugs.setdefault(name.casefold(), slug)
        if other != slug:
            raise InvalidCatalog(f"two providers are called {name!r}: {other} and {slug}")


def _resolved(endpoints: list[Wanted]) -> list[Wanted]:
    """With their model and provider, and the key by slugs; raises InvalidCatalog."""
    known_models = {row.slug: row for row in models.Model.objects.all()}
    known_providers: dict[str, models.Provider] = {}
    for row in models.Provider.objects.all():
        known_providers |= {row.slug: row, row.name.casefold(): row}
    resolved: dict[tuple[str, ...], Wanted] = {}
    for want in endpoints:
        model_slug, provider_name, tag = want.key
        model = known_models.get(model_slug)
        provider = known_providers.get(provider_name.casefold())
        if model is None:
            raise InvalidCatalog(f"{want.where}: there is no model {model_slug!r}")
        if provider is None:
            raise InvalidCatalog(f"{want.where}: there is no provider {provider_name!r}")
        key = (model.slug, provider.slug, tag)
        if key in resolved:
            raise InvalidCatalog(f"{want.where} is {resolved[key].where} once more")
        fields = {**want.fields, "model": model, "provider": provider}
        resolved[key] = Wanted(key, fields, want.where)
    return list(resolved.values())
