"""Who serves models here: all of them, and the page of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.callers import Caller
from catalog import live, price_changes
from catalog.price_changes import Change
from catalog.snapshot import Catalog, Endpoint, Model, Provider
from explore import states
from explore.figures import FigureRow, figure_row, together
from explore.states import State
from explore.visitors import caller_of
from routing import condition, data_policy, endpoint_history
from routing.condition import Condition
from routing.data_policy import IN_WORDS
from routing.incidents import Incident

_INCIDENTS_MAX, _CHANGES_MAX = 50, 50
_TABS = (
    ("models", "Models", ""),
    ("incidents", "Incidents", "?tab=incidents"),
    ("prices", "Price changes", "?tab=prices"),
)


@dataclass(frozen=True, slots=True)
class ProviderRow:
    provider: Provider
    state: State
    figures: FigureRow
    models: int
    excluded: list[str]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """An endpoint of this provider, and what it is of."""

    model: Model
    endpoint: Endpoint
    state: State
    figures: FigureRow


@dataclass(frozen=True, slots=True)
class ToldIncident:
    """`models` are ids, of those still in the catalog."""

    incident: Incident
    is_under_way: bool
    models: tuple[str, ...]


@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    """/providers."""
    catalog, now, caller = live.catalog(), condition.current(), caller_of(request)
    served = _by_provider(catalog)
    rows = []
    for provider in sorted(catalog.providers.values(), key=lambda each: each.name.casefold()):
        found = served.get(provider.slug, [])
        ids = [endpoint.id for _, endpoint in found]
        rows.append(
            ProviderRow(
                provider=provider,
                state=states.of_provider(provider, ids, now),
                figures=together(ids),
                models=len({model.id for model, _ in found}),
                excluded=_excluded(provider, caller),
            )
        )
    # Those that nobody is sent to come last.
    rows.sort(key=lambda row: not row.state.is_served)
    up = sum(row.state.is_served for row in rows)
    return render(request, "explore/providers.html", {"rows": rows, "configured": up})


@require_safe
def provider(request: HttpRequest, slug: str) -> HttpResponse:
    """/providers/slug."""
    catalog, now = live.catalog(), condition.current()
    found = catalog.providers.get(slug)
    if found is None:
        raise Http404
    served = _by_provider(catalog).get(slug, [])
    ids = [endpoint.id for _, endpoint in served]
    incidents, changes = _incidents(served, timezone.now()), _changes(slug)
    context: dict[str, Any] = {
        "provider": found,
        "state": states.of_provider(found, ids, now),
        "figures": together(ids),
        "excluded": _excluded(found, caller_of(request)),
        "served": _served(served, now),
        "incidents": incidents,
        "changes": changes,
        "crumbs": [{"label": "Providers", "href": reverse("providers")}, {"label": found.name}],
    }
    counts = {"models": len(served), "incidents": len(incidents), "prices": len(changes)}
    tab = request.GET.get("tab", "")
    context["tab"] = tab if tab in counts else "models"
    context["tabs"] = [
        {"value": value, "label": label, "count": counts[value], "href": f"{request.path}{query}"}
        for value, label, query in _TABS
    ]
    return render(request, "explore/provider.html", context)


def _served(served: list[tuple[Model, Endpoint]], now: Condition) -> list[ServedModel]:
    """Those that are used come first."""
    found = [
        ServedModel(model, endpoint, states.of_endpoint(endpoint, now), figure_row(endpoint.id))
        for model, endpoint in served
    ]
    return sorted(found, key=lambda each: (-each.figures.attempts, each.model.name.casefold()))


def _excluded(provider: Provider, caller: Caller) -> list[str]:
    """Why this visitor's data policy keeps prompts from it."""
    return [IN_WORDS[reason] for reason in data_policy.refusals(provider, caller)]


def _by_provider(catalog: Catalog) -> dict[str, list[tuple[Model, Endpoint]]]:
    found: dict[str, list[tuple[Model, Endpoint]]] = {}
    for model in catalog.models.values():
        for endpoint in model.endpoints:
            found.setdefault(endpoint.provider.slug, []).append((model, endpoint))
    return found


def _incidents(served: list[tuple[Model, Endpoint]], now: datetime) -> list[ToldIncident]:
    models = {endpoint.id: model.id for model, endpoint in served}
    return [
        ToldIncident(
            each,
            each.is_under_way(now),
            tuple(sorted({models[id] for id in each.endpoint_ids if id in models})),
        )
        for each in endpoint_history.incidents_of(models)[:_INCIDENTS_MAX]
    ]


def _changes(slug: str) -> tuple[Change, ...]:
    try:
        return price_changes.recent_price_changes(_CHANGES_MAX, provider=slug)
    except DatabaseError:
        return ()
