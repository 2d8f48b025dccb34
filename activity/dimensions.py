"""By what usage is grouped: model, provider, key or app; and what each group is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable

from accounts.models import ApiKey

Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A group is the values of these columns, the same of sums and of generations."""

    name: str
    of_sums: tuple[str, ...]
    of_generations: tuple[str, ...]

    def place(self, columns: tuple[str, ...], top: Sequence[Group]) -> Combinable:
        """The place of a row's group in `top`; after its end for all others."""
        cases = [When(_is(columns, group), then=Value(number)) for number, group in enumerate(top)]
        return Case(*cases, default=Value(len(top)), output_field=IntegerField())

    def labels(self, groups: Iterable[Group], user_id: int) -> dict[Group, str]:
        """What they are called. A key has the name it has now."""
        groups = list(groups)
        if self is KEY:
            return _key_names(groups, user_id)
        return {group: _label(self, group) for group in groups}


MODEL = Dimension("model", ("model",), ("model",))
PROVIDER = Dimension("provider", ("provider_name",), ("provider_name",))
KEY = Dimension("key", ("key_id",), ("key_id",))
APP = Dimension("app", ("app__referer", "app__title"), ("app_referer", "app_title"))

DIMENSIONS = {each.name: each for each in (MODEL, PROVIDER, KEY, APP)}


def _is(columns: tuple[str, ...], group: Group) -> Q:
    where = Q()
    for column, value in zip(columns, group, strict=True):
        where &= Q((f"{column}__isnull", True)) if value is None else Q((column, value))
    return where


def _key_names(groups: list[Group], user_id: int) -> dict[Group, str]:
    ids = [group[0] for group in groups if group[0] is not None]
    names = dict(ApiKey.objects.filter(user_id=user_id, pk__in=ids).values_list("pk", "name"))
    return {group: names.get(group[0], "Deleted keys") for group in groups}


def _label(dimension: Dimension, group: Group) -> str:
    if dimension is APP:
        return app_label(*group)
    return str(group[0]) or ("No provider" if dimension is PROVIDER else "No model")


def app_label(referer: str, title: str) -> str:
    """As an app names itself: its title, else the host of its address."""
    if title or not referer:
        return title or "No app"
    try:
        return urlsplit(referer).netloc or referer
    except ValueError:
        return referer
