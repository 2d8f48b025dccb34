"""GET /openapi.json: the document for programs, from any origin."""

from __future__ import annotations

from functools import lru_cache

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from documentation.openapi.document import document


@lru_cache(maxsize=1)
def _bytes() -> bytes:
    return orjson.dumps(document())


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
    return HttpResponse(_bytes(), content_type="application/json", headers=headers)
