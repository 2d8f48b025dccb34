"""Pictures in the body of a completion: pages name a file of theirs, models get what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog import encryption
from openrouter_site.errors import BadRequest
from playground.models import Attachment

SCHEME = "attachment:"
FILES_MAX = 20


def named(body: dict[str, Any]) -> list[str]:
    """The ids of the files that a body names, each once. Raises BadRequest for too many."""
    found = list(dict.fromkeys(url.removeprefix(SCHEME) for _, _, url in _places(body)))
    if len(found) > FILES_MAX:
        raise BadRequest(f"At most {FILES_MAX} pictures can be sent at once.")
    return found


def read(ids: list[str], user_id: int) -> dict[str, str]:
    """data: URLs of these files, as far as they are this person's. Blocking."""
    urls = {}
    for row in Attachment.objects.filter(pk__in=ids, user_id=user_id) if ids else ():
        try:
            data = encryption.decrypt(row.encrypted)
        except encryption.Unreadable:
            continue
        urls[row.pk] = f"data:{row.media_type};base64,{data}"
    return urls


def put_in(body: dict[str, Any], urls: dict[str, str]) -> None:
    """Each file in its place in the body. Raises BadRequest for one that is not there."""
    for holder, key, url in list(_places(body)):
        data_url = urls.get(url.removeprefix(SCHEME))
        if data_url is None:
            raise BadRequest("A picture of this message is not there any more. Add it again.")
        holder[key] = data_url


def _places(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Where a file is named: (object, key, address). Of what has another shape, nothing."""
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict) or part.get("type") != "image_url":
                continue
            picture = part.get("image_url")
            holder, key = (picture, "url") if isinstance(picture, dict) else (part, "image_url")
            if isinstance(url := holder.get(key), str) and url.startswith(SCHEME):
                yield holder, key, url
