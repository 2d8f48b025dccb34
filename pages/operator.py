"""What goes on right now: rates, errors, streams and outages, by provider."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from billing.models import Hold
from catalog import live
from catalog.snapshot import Catalog
from pages.staff import for_staff, tabs
from routing import reports, traffic
from routing.health import Trouble
from routing.models import ProviderProbe

_TROUBLES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One provider: its traffic, if any, and what is the matter with it."""

    lane: traffic.Lane
    streams: int
    state: str
    why: str


@require_safe
@for_staff
def home(request: HttpRequest) -> HttpResponse:
    """The whole page, or its figures alone for the poll."""
    is_poll = bool(getattr(request, "htmx", False))
    template = "operator/_live.html" if is_poll else "operator/home.html"
    answer = render(request, template, _figures() | {"tabs": tabs()})
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _figures() -> dict[str, Any]:
    catalog, sight = live.catalog(), reports.read()
    found = traffic.read(catalog, time.time())
    troubles = _by_provider(catalog, sight.troubles)
    rows = [_row(lane, sight, troubles.pop(lane.provider, [])) for lane in found.lanes]
    known = {lane.provider for lane in found.lanes}
    others = sorted({name for name in sight.streams if name} | set(troubles))
    rows += [
        _row(traffic.nothing(name), sight, troubles.get(name, []))
        for name in others
        if name not in known
    ]
    return {
        "total": found.total,
        "series": found.series,
        "rows": rows,
        "streams": sum(sight.streams.values()),
        "waiting": sight.streams.get(reports.WAITING, 0),
        "processes": sight.processes,
        "held": Hold.objects.filter(state=Hold.State.OPEN).count(),
        "troubles": _told(catalog, sight.troubles),
        "span_minutes": traffic.SPAN_MINUTES,
    }


def _row(lane: traffic.Lane, sight: reports.Sight, troubles: list[Trouble]) -> Row:
    streams = sight.streams.get(lane.provider, 0)
    if not troubles:
        return Row(lane, streams, "ok", "")
    if all(trouble.is_probed_down for trouble in troubles):
        return Row(lane, streams, "bad", "It fails its probes.")
    count = len(troubles)
    return Row(
        lane, streams, "warn", f"{count} endpoint{'s are' if count > 1 else ' is'} tried last."
    )


def _by_provider(catalog: Catalog, troubles: tuple[Trouble, ...]) -> dict[str, list[Trouble]]:
    providers = traffic.providers_by_endpoint(catalog)
    found: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        if (provider := providers.get(abs(trouble.endpoint_id))) is not None:
            found.setdefault(provider.name, []).append(trouble)
    return found


def _told(catalog: Catalog, troubles: tuple[Trouble, ...]) -> list[dict[str, str]]:
    """Each endpoint that is tried last, and why, in words."""
    endpoints = {
        endpoint.id: endpoint for model in catalog.models.values() for endpoint in model.endpoints
    }
    probes = dict(ProviderProbe.objects.filter(ok=False).values_list("provider_slug", "error"))
    told = []
    for trouble in troubles[:_TROUBLES_SHOWN]:
        endpoint = endpoints.get(abs(trouble.endpoint_id))
        if endpoint is None:
            continue
        provider = endpoint.provider
        why = _why(trouble, probes.get(provider.slug, ""))
        told.append({"model": endpoint.model_id, "provider": provider.name, "why": why})
    return told


def _why(trouble: Trouble, probe_error: str) -> str:
    if trouble.is_probed_down:
        return f"Its provider fails the worker's probes: {probe_error or 'no answer'}."
    window_s = settings.ROUTING_OUTAGE_WINDOW_S
    parts = []
    if trouble.failures:
        times = "once" if trouble.failures == 1 else f"{trouble.failures} times"
        parts.append(
            f"It failed {times} in the last {window_s:g} s, beside {trouble.answers} answers."
        )
    if trouble.left_s:
        parts.append(f"It comes last for {trouble.left_s:.0f} s more: busy, or it refuses our key.")
    return " ".join(parts)
