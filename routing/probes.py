"""Asking every configured provider whether it is there: one cheap call each, from a Celery task.

The call is its list of models, or a completion of one token where it has no such list. What the
answer means:

    below 500            it is there (404: it has no such call; 429: it is busy, and alive)
    401, 402, 403        it refuses our credential: nobody can be served there, unless it takes the
                         next one
    a redirect, 5xx,
    no answer in time    it is down

Results are rows, so server processes learn of them whatever the queue is (routing.demotion).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
from django.db import transaction
from django.utils import timezone

from catalog import live
from catalog.credentials import ProviderCredential
from catalog.snapshot import Catalog, Endpoint, Provider
from routing import authorization
from routing.adapters import DIALECTS
from routing.connection import ConnectionLost
from routing.keyring import Keyring
from routing.models import ProviderProbe
from routing.refusal import is_credential_refused, masked
from routing.request import ChatRequest
from routing.serving import RUBBISH
from routing.targets import plain_headers

logger = logging.getLogger(__name__)

TIMEOUT_S = (3.0, 10.0)  # to connect, to answer
_AT_ONCE = 8
_ERROR_CHARACTERS_MAX = 200
_ERROR_BYTES_MAX = 64 * 1024
REFUSES_US = frozenset({401, 402, 403})
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
    keyring = Keyring(live.credentials)

    def ask(endpoint: Endpoint) -> Probe:
        return probe(endpoint, keyring.all_of(endpoint.provider), timeout_s)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = list(pool.map(ask, asked))
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


def probe(
    endpoint: Endpoint,
    credentials: Sequence[ProviderCredential],
    timeout_s: tuple[float, float] = TIMEOUT_S,
) -> Probe:
    """One call, with the first credential that the provider does not refuse; raises nothing."""
    for credential in credentials[:-1]:
        found = probe_with(endpoint, credential, timeout_s)
        if found.status not in REFUSES_US:
            return found
    return probe_with(endpoint, credentials[-1], timeout_s)


def probe_with(
    endpoint: Endpoint,
    credential: ProviderCredential,
    timeout_s: tuple[float, float] = TIMEOUT_S,
) -> Probe:
    """One call with exactly this credential; raises nothing."""
    started_s = time.monotonic()
    try:
        status, text = _called(endpoint, credential, timeout_s)
        words = masked(credential.hidden_in(text))
        error = "" if _is_there(status) else words or f"answered {status}"
    except authorization.CredentialUnusable as failure:
        status, error = 401, str(failure)
    except (requests.RequestException, ConnectionLost, ValueError) as failure:
        # The words of an exception may hold the address, and that a key; its kind says enough.
        status, error = 0, type(failure).__name__
    ms = round((time.monotonic() - started_s) * 1000)
    ok = status != 0 and _is_there(status)
    return Probe(endpoint.provider.slug, ok, status, ms, error[:_ERROR_CHARACTERS_MAX])


def _is_there(status: int) -> bool:
    return status < 500 and not 300 <= status < 400 and status not in REFUSES_US


def _called(
    endpoint: Endpoint, credential: ProviderCredential, timeout_s: tuple[float, float]
) -> tuple[int, str]:
    provider = endpoint.provider
    base = (provider.served_at or "").rstrip("/")
    if provider.models_path:
        method, path, body = "GET", provider.models_path, b""
    else:
        sent = DIALECTS[provider.dialect].encode(_PING, endpoint, 1)
        method, path, body = "POST", sent.path, sent.body
    url = (base + path).replace("{model}", endpoint.upstream_model)
    headers = plain_headers(provider)
    authorized = authorization.fixed(provider, credential)
    if authorized is None:
        authorized = asyncio.run(
            authorization.Authorization().made(provider, credential, method, url, headers, body)
        )
    with requests.Session() as session:
        session.trust_env = False  # no proxies, no .netrc: as the upstream client
        with session.request(
            method, url, data=body or None, headers=headers | authorized, timeout=timeout_s,
            allow_redirects=False, stream=True,
        ) as response:  # fmt: skip
            # The status says it all; the body of a good answer may be megabytes.
            status = response.status_code
            if _is_there(status) and status != 400:
                return status, ""
            body = response.raw.read(_ERROR_BYTES_MAX, decode_content=False)
            if status == 400:
                status = _meant(provider, body)
            return status, body.decode(errors="replace")


def _meant(provider: Provider, body: bytes) -> int:
    """Some refuse a key with 400 (Gemini): their dialect knows the words."""
    try:
        failure = DIALECTS[provider.dialect].decode_error(400, body)
    except (KeyError, *RUBBISH):
        return 400
    return failure.status if is_credential_refused(failure) else 400


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
