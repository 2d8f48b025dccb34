"""Asking every configured provider whether it is there: one cheap call each, from a Celery task.

The call is its list of models, or a completion of one token where it has no such list. What the
answer means:

    below 500            it is there (404: it has no such call; 429: it is busy, and alive)
    401, 402, 403        it refuses our credential: nobody can be served there
    a redirect, 5xx,
    no answer in time    it is down

Results are rows, so server processes learn of them whatever the queue is (routing.demotion).
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
from django.db import transaction
from django.utils import timezone

from catalog import live
from catalog.snapshot import Catalog, Endpoint
from routing.adapters import DIALECTS
from routing.models import ProviderProbe
from routing.refusal import masked
from routing.request import ChatRequest
from routing.upstream import request_headers

logger = logging.getLogger(__name__)

TIMEOUT_S = (3.0, 10.0)  # to connect, to answer
_AT_ONCE = 8
_ERROR_CHARACTERS_MAX = 200
_ERROR_BYTES_MAX = 64 * 1024
_REFUSES_US = frozenset({401, 402, 403})
_PING = ChatRequest(
    messages=({"role": "user", "content": "Hi"},), max_tokens=1, message_count=1, text_bytes=2
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What one provider answered. `status` is 0 when no answer came."""

    provider_slug: str
    ok: bool
    status: int
    ms: int
    error: str = ""


def probe_all(timeout_s: tuple[float, float] = TIMEOUT_S) -> list[Probe]:
    """Ask all of them, a few at a time, and write down what they answered."""
    asked = _askable(live.catalog())
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = list(pool.map(lambda each: probe(each, timeout_s), asked))
    _record(found)
    return found


def _askable(catalog: Catalog) -> list[Endpoint]:
    """The cheapest endpoint of each provider that is served and can be asked."""
    cheapest: dict[str, Endpoint] = {}
    for model in catalog.models.values():
        for endpoint in model.endpoints:
            known = cheapest.get(endpoint.provider.slug)
            if known is None or _price(endpoint) < _price(known):
                cheapest[endpoint.provider.slug] = endpoint
    return [
        endpoint
        for endpoint in cheapest.values()
        if endpoint.provider.served_at is not None
        and (endpoint.provider.models_path or endpoint.provider.dialect in DIALECTS)
    ]


def _price(endpoint: Endpoint) -> int:
    return endpoint.prices.prompt_pico + endpoint.prices.completion_pico


def probe(endpoint: Endpoint, timeout_s: tuple[float, float]) -> Probe:
    """One call to its provider; raises nothing."""
    started_s = time.monotonic()
    try:
        status, text = _called(endpoint, timeout_s)
        error = "" if _is_there(status) else masked(text) or f"answered {status}"
    except (requests.RequestException, ValueError) as failure:
        # The words of an exception may hold the address, and that a key; its kind says enough.
        status, error = 0, type(failure).__name__
    ms = round((time.monotonic() - started_s) * 1000)
    ok = status != 0 and _is_there(status)
    return Probe(endpoint.provider.slug, ok, status, ms, error[:_ERROR_CHARACTERS_MAX])


def _is_there(status: int) -> bool:
    return status < 500 and not 300 <= status < 400 and status not in _REFUSES_US


def _called(endpoint: Endpoint, timeout_s: tuple[float, float]) -> tuple[int, str]:
    provider = endpoint.provider
    base = (provider.served_at or "").rstrip("/")
    headers = request_headers(provider, stream=False)
    with requests.Session() as session:
        session.trust_env = False  # no proxies, no .netrc: as the upstream client
        if provider.models_path:
            method, path, body = "GET", provider.models_path, None
        else:
            sent = DIALECTS[provider.dialect].encode(_PING, endpoint, 1)
            method, path, body = "POST", sent.path, sent.body
        url = (base + path).replace("{model}", endpoint.upstream_model)
        with session.request(
            method, url, data=body, headers=headers, timeout=timeout_s,
            allow_redirects=False, stream=True,
        ) as response:  # fmt: skip
            # The status says it all; the body of a good answer may be megabytes.
            if _is_there(response.status_code):
                return response.status_code, ""
            text = response.raw.read(_ERROR_BYTES_MAX, decode_content=False)
            return response.status_code, text.decode(errors="replace")


def _record(found: list[Probe]) -> None:
    before = dict(ProviderProbe.objects.values_list("provider_slug", "ok"))
    now = timezone.now()
    rows = [
        ProviderProbe(
            provider_slug=each.provider_slug, checked_at=now, ok=each.ok,
            status=each.status, ms=each.ms, error=each.error,
        )
        for each in found
    ]  # fmt: skip
    with transaction.atomic():
        ProviderProbe.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["provider_slug"],
            update_fields=["checked_at", "ok", "status", "ms", "error"],
        )
        # Who is not configured any more was not asked.
        ProviderProbe.objects.exclude(
            provider_slug__in=[row.provider_slug for row in rows]
        ).delete()
    for each in found:
        if each.ok and before.get(each.provider_slug) is False:
            logger.info("%s answers its probes again", each.provider_slug)
        elif not each.ok and before.get(each.provider_slug, True):
            logger.warning("%s fails its probes: %s", each.provider_slug, each.error)
