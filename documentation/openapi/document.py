"""The OpenAPI 3.1 document of everything under /api/v1.

Written, not derived: the calls of the inference paths are no framework's, and those of the rest
have no serializers to read. What keeps it true are tests: every path of the server is in it, and
every answer of the running server is held against it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from documentation.openapi import (
    chat,
    credits,
    datasets,
    errors,
    generations,
    keys,
    models,
    oauth,
    objects,
    organization,
    provider_keys,
)
from documentation.openapi.operation import SECURITY_SCHEMES, Group

PREFIX = "/api/v1"
GROUPS: tuple[Group, ...] = (
    chat.GROUP, objects.GROUP, models.GROUP, generations.GROUP, keys.GROUP, oauth.GROUP,
    credits.GROUP, provider_keys.GROUP, organization.GROUP, datasets.GROUP,
)  # fmt: skip

_SAYS = (
    "Requests and answers are JSON. Send `Authorization: Bearer` and a key. Money is in dollars:"
    " prices are decimal text, amounts are numbers. Every error has one shape, `Error`. Fields may"
    " be added to answers at any time."
)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Made once; nobody may change it."""
    return build(settings.SITE_NAME, settings.SITE_URL)


def build(site_name: str, site_url: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = dict(errors.SCHEMAS)
    for group in GROUPS:
        schemas |= group.schemas
        for operation in group.operations:
            paths.setdefault(operation.path, {})[operation.method] = operation.as_openapi(
                group.slug
            )
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{site_name} API", "version": "1", "description": _SAYS},
        "servers": [{"url": f"{site_url}{PREFIX}"}],
        "tags": [{"name": each.slug, "description": each.says} for each in GROUPS],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": dict(SECURITY_SCHEMES)},
    }
