"""The page of one model: /author/slug. What it shows below its head is in the address: ?tab=."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import is_valid_path, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from catalog import live
from catalog.snapshot import Catalog, Model
from explore import (
    code_examples,
    explained,
    media_cost,
    model_charts,
    model_usage,
    near,
    offers,
    parameter_table,
)
from explore.figures import SAMPLES_MIN
from explore.visitors import caller_of, visitor
from rankings.access import sees_rankings
from ui.fragments import wants_fragment
from ui.site_address import base_url

Context = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
def model(request: HttpRequest, author: str, slug: str) -> HttpResponse:
    """404 with what is near for a model that nobody knows. POST explains a request, and that is all
    it does: a prompt belongs in no address."""
    catalog = live.catalog()
    found = catalog.models.get(f"{author}/{slug}")
    if found is None:
        return _unknown(request, f"{author}/{slug}", catalog)
    tabs = [each for each in _tabs(found) if each[0] != "usage" or sees_rankings(visitor(request))]
    tab = "route" if request.method == "POST" else request.GET.get("tab", "")
    tab = tab if tab in dict(tabs) else tabs[0][0]
    template, context = _SHOWN[tab](request, found)
    if wants_fragment(request):
        answer = render(request, template, {"model": found} | context)
    else:
        head = {
            "model": found,
            "tab": tab,
            "tabs": _tab_links(request, found, tabs),
            "template": template,
            "variants": _variants(found, catalog),
            "served": sum(each.provider.served_at is not None for each in found.endpoints),
        }
        answer = render(request, "explore/model.html", head | context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _unknown(request: HttpRequest, id: str, catalog: Catalog) -> HttpResponse:
    # This pattern takes any two words, so CommonMiddleware does not see that a slash is missing.
    if is_valid_path(f"{request.path_info}/"):
        return HttpResponseRedirect(f"{request.path}/")
    likely = near.near(id, catalog.models)
    if not likely:
        raise Http404
    context = {"id": id, "near": [catalog.models[each] for each in likely]}
    return render(request, "explore/unknown_model.html", context, status=404)


def _tabs(model: Model) -> list[tuple[str, str]]:
    if model.kind == "router":
        shown = [("providers", "Candidates"), ("code", "Code"), ("parameters", "Parameters")]
        return [*shown, ("route", "Why here?")]
    shown = [("providers", "Providers"), ("code", "Code")]
    if model.kind == "media":
        return [*shown, ("performance", "Performance"), ("usage", "Usage")]
    shown += [("parameters", "Parameters"), ("performance", "Performance"), ("usage", "Usage")]
    return [*shown, ("route", "Why here?")]


def _tab_links(request: HttpRequest, model: Model, tabs: list[tuple[str, str]]) -> list[Context]:
    address = reverse("model", args=model.id.split("/", 1))
    return [
        {"value": value, "label": label, "href": address if at == 0 else f"{address}?tab={value}"}
        for at, (value, label) in enumerate(tabs)
    ]


def _variants(model: Model, catalog: Catalog) -> list[Model]:
    """The model without a variant, and all its variants; nothing where it is alone."""
    base = model.base_id or model.id
    family = [each for each in catalog.models.values() if base in (each.id, each.base_id)]
    return family if len(family) > 1 else []


# --- What the tabs show ------------------------------------------------------------------------


def _providers(request: HttpRequest, model: Model) -> tuple[str, Context]:
    if model.kind == "router":
        known = live.catalog().models
        candidates = [known[id] for id in model.routes_to if id in known]
        return "explore/_candidates.html", {"candidates": candidates}
    context: Context = {"offers": offers.offers(model, caller_of(request))}
    if (cost := media_cost.of(model, request.GET)) is not None:
        if wants_fragment(request):
            return "explore/_media_cost.html", {"cost": cost}
        context["cost"] = cost
    return "explore/_providers.html", context


def _code(request: HttpRequest, model: Model) -> tuple[str, Context]:
    providers = code_examples.providers(model)
    switches = code_examples.read(request.GET, providers)
    template = "_code_examples" if wants_fragment(request) else "_code"
    return f"explore/{template}.html", {
        "choices": [("", "Any"), *providers.items()],
        "switches": switches,
        "takes_json_mode": code_examples.takes_json_mode(model),
        "snippets": code_examples.examples(base_url(request), model, switches),
    }


def _parameters(request: HttpRequest, model: Model) -> tuple[str, Context]:
    return "explore/_parameters.html", {"parameters": parameter_table.rows(model)}


def _performance(request: HttpRequest, model: Model) -> tuple[str, Context]:
    found = offers.offers(model, caller_of(request))
    charts = [model_charts.throughput(found), model_charts.latency(found)]
    return "explore/_performance.html", {
        "charts": charts[1:] if model.kind == "media" else charts,
        "uptimes": model_charts.uptimes(found),
        "samples_min": SAMPLES_MIN,
    }


def _usage(request: HttpRequest, model: Model) -> tuple[str, Context]:
    return "explore/_usage.html", {"usage": model_usage.usage(model.id)}


def _route(request: HttpRequest, model: Model) -> tuple[str, Context]:
    if request.method != "POST":
        return "explore/_route.html", {"body": explained.example(model)}
    body = request.POST.get("body", "")
    template = "_explained" if wants_fragment(request) else "_route"
    context: Context = {"body": body, "too_long": len(body) > explained.BODY_CHARACTERS_MAX}
    if not context["too_long"]:
        context["explained"] = explained.explain(body, caller_of(request))
    return f"explore/{template}.html", context


_SHOWN: dict[str, Callable[[HttpRequest, Model], tuple[str, Context]]] = {
    "providers": _providers,
    "code": _code,
    "parameters": _parameters,
    "performance": _performance,
    "usage": _usage,
    "route": _route,
}
