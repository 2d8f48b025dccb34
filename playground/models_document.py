"""GET /playground/models.json: what this person can ask here, and why some of it not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from accounts.callers import Caller, caller
from accounts.models import User
from catalog import live
from catalog.snapshot import Catalog, Endpoint, Model
from openrouter_site.money import format_amount, format_price
from routing.adapters import DIALECTS, MEDIA_DIALECTS
from routing.data_policy import IGNORED, RETENTION, TRAINING, refusals
from routing.media_request import OUTPUTS_MAX, STEPS_MAX, cost_nano
from ui.templatetags.ui import author, avatar_colour, initials

_FORBIDDEN = {
    TRAINING: "may train on prompts, which your privacy settings forbid",
    RETENTION: "may keep prompts, which your privacy settings forbid",
    IGNORED: "are ignored by your settings",
}
_NOBODY = "Nobody serves it here: no provider of it has a credential."
_NOT_FOR_KEY = "The Playground's key may not use it."


@login_required
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """As long as neither the catalog nor the person's settings change, it is not sent again."""
    assert isinstance(request.user, User)
    body = json.dumps(models_for(live.catalog(), caller(request.user)), separators=(",", ":"))
    response = HttpResponse(body, content_type="application/json")
    response["ETag"] = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    patch_cache_control(response, private=True, no_cache=True)
    found = get_conditional_response(request, etag=response["ETag"], response=response)
    assert isinstance(found, HttpResponse)
    return found


def models_for(catalog: Catalog, who: Caller) -> list[dict[str, Any]]:
    """In the catalog's order."""
    return [_row(model, catalog, who) for model in catalog.models.values()]


def _row(model: Model, catalog: Catalog, who: Caller) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "author": author(model.id),
        "avatar": [avatar_colour(author(model.id)), initials(author(model.id))],
        "context_length": model.context_length,
        "max_completion_tokens": model.max_completion_tokens,
        "prompt": format_price(model.prices.prompt_pico),
        "completion": format_price(model.prices.completion_pico),
        "input": list(model.input_modalities),
        "parameters": sorted(model.supported_parameters),
        "tools": "tools" in model.supported_parameters,
        "kind": model.kind,
        "providers": list(dict.fromkeys(each.provider.name for each in model.served_by)),
        "media": _media(model),
        "disabled": disabled(model, catalog, who),
    }


def _media(model: Model) -> dict[str, Any] | None:
    """The price of one object by its steps, and how much may be asked for at once."""
    if not model.media_pricing:
        return None
    unit_steps = int(model.media_pricing.get("steps") or 1)
    unit_cost = format_amount(cost_nano(model, unit_steps, 1))
    return {
        "unit_steps": unit_steps, "unit_cost": unit_cost,
        "steps_max": STEPS_MAX, "outputs_max": OUTPUTS_MAX,
    }  # fmt: skip


def disabled(model: Model, catalog: Catalog, who: Caller) -> str | None:
    """Why a request of this person for it would be refused, or nothing."""
    if who.allowed_models and model.id not in who.allowed_models:
        return _NOT_FOR_KEY
    models = [catalog.models[id] for id in model.routes_to if id in catalog.models] or [model]
    endpoints = [each for one in models for each in one.endpoints]
    served = [each for each in endpoints if _is_served(each, who.own_providers)]
    if not served:
        return _NOBODY
    reasons = [refusals(each.provider, who) for each in served]
    if not all(reasons):
        return None
    words = dict.fromkeys(_FORBIDDEN[reason] for found in reasons for reason in found)
    return f"Its providers {'; or '.join(words)}."


def _is_served(endpoint: Endpoint, own: Collection[str]) -> bool:
    provider = endpoint.provider
    if provider.dialect not in DIALECTS and provider.dialect not in MEDIA_DIALECTS:
        return False
    return provider.served_at is not None or provider.slug in own
