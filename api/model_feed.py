"""GET /models?use_rss=true: the models as RSS, for who wants to hear of new ones.

`use_rss_chat_links=true` leads to the playground instead of the models' pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings
from django.utils.feedgenerator import Rss201rev2Feed

from catalog.snapshot import Model

CONTENT_TYPE = "application/rss+xml; charset=utf-8"


def feed(models: Iterable[Model], *, links_to_chat: bool) -> str:
    made = Rss201rev2Feed(
        title=f"{settings.SITE_NAME}: models",
        link=f"{settings.SITE_URL}/models",
        description=f"Models that {settings.SITE_NAME} has at {settings.SITE_URL}",
        language="en",
    )
    page = "playground?models=" if links_to_chat else ""
    for model in models:
        made.add_item(
            title=_plain(model.name),
            link=f"{settings.SITE_URL}/{page}{quote(model.id, safe='/:')}",
            description=_plain(model.description),
            unique_id=model.id,
            unique_id_is_permalink=False,
            pubdate=datetime.fromtimestamp(model.created, UTC),
        )
    return made.writeString("utf-8")


def _plain(text: str) -> str:
    """Without control characters, which XML has no way to write."""
    return "".join(each for each in text if each.isprintable() or each == "\n")
