"""/models.atom: new models and changes of prices, for feed readers."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from catalog import live
from catalog.price_changes import Change, recent_price_changes
from catalog.snapshot import Model, Prices
from explore.listing.facets import has_token_price
from explore.listing.rows import created_at
from ui import format
from ui.site_address import base_url

logger = logging.getLogger(__name__)

ENTRIES_MAX = 100
_AGE_S = 300
_PARTS = (
    ("prompt", "prompt_pico", format.price_per_million, " per 1M tokens"),
    ("completion", "completion_pico", format.price_per_million, " per 1M tokens"),
    ("image", "image_pico", format.price_each, " each"),
    ("request", "request_pico", format.price_each, " each"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`mark` tells apart what is said of one model."""

    at: datetime
    title: str
    words: str
    model_id: str
    mark: str


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """The newest ENTRIES_MAX, newest first."""
    home = base_url(request)
    found = [*_new_models(live.catalog().models.values()), *map(_price_change, _changes())]
    entries = sorted(found, key=lambda each: (each.at, each.mark), reverse=True)[:ENTRIES_MAX]
    feed = Atom1Feed(
        title=f"{settings.SITE_NAME}: models",
        link=home + reverse("models"),
        description="New models and changes of prices",
        feed_url=home + request.path,
        feed_guid=home + request.path,
        author_name=settings.SITE_NAME,
        language="en",
    )
    for entry in entries:
        address = home + reverse("model", args=entry.model_id.split("/", 1))
        feed.add_item(
            title=entry.title, link=address, description=entry.words,
            unique_id=f"{address}#{entry.mark}", pubdate=entry.at, updateddate=entry.at,
        )  # fmt: skip
    return HttpResponse(
        feed.writeString("utf-8"),
        content_type="application/atom+xml; charset=utf-8",
        headers={"Cache-Control": f"max-age={_AGE_S}"},
    )


def _new_models(models: Iterable[Model]) -> Iterable[Entry]:
    for model in models:
        if (at := created_at(model)) is not None:
            words = [model.description] if model.description else []
            if has_token_price(model):
                words.append(f"{_both(model.prices)} for 1M tokens, prompt / completion.")
            yield Entry(at, f"New: {model.name}", " ".join(words), model.id, "new")


def _price_change(change: Change) -> Entry:
    told = [
        f"{label} {written(old)} → {written(new)}{unit}"
        for label, name, written, unit in _PARTS
        if (old := getattr(change.old, name)) != (new := getattr(change.new, name))
    ]
    direction = "cheaper" if change.is_fall else "dearer" if change.is_rise else "new price"
    title = f"{change.model_name} at {change.provider_name}: {direction}"
    words = f"{', '.join(told)}."
    return Entry(
        change.at, title, words[0].upper() + words[1:], change.model_id, f"price-{change.id}"
    )


def _both(prices: Prices) -> str:
    return " / ".join(map(format.price_per_million, (prices.prompt_pico, prices.completion_pico)))


def _changes() -> tuple[Change, ...]:
    try:
        return recent_price_changes(ENTRIES_MAX)
    except DatabaseError:
        logger.warning("Changes of prices cannot be read", exc_info=True)
        return ()
