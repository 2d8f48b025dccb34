"""Who pays for a run, and the body with its pictures in it."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import DatabaseError

from accounts import keys, playground_key
from accounts.keys import Key
from accounts.models import User
from openrouter_site.errors import NotFound, Unauthorized, Unavailable
from playground import attachments
from playground.saver import in_thread

SWITCHED_OFF = (
    "The Playground is switched off for this account: its key is disabled. See Settings, Keys."
)
NOT_A_MEMBER = "You are not a member of this account."
NOT_NOW = "The Playground cannot reach its database right now. Try again shortly."


async def key_of(user: User, account: int | None) -> Key:
    """The key of the account with this owner; of the person's own, where none is named.

    Raises NotFound where the person may not spend from it, Unauthorized where its key is switched
    off, Unavailable.
    """
    owner_id = user.pk if account is None else account
    try:
        digest = await in_thread(lambda: playground_key.digest_of(user, owner_id))
    except DatabaseError:
        raise Unavailable(NOT_NOW, retry_after_s=2) from None
    if digest is None:
        raise NotFound(NOT_A_MEMBER)
    try:
        return await keys.known(digest)
    except Unauthorized:
        raise Unauthorized(SWITCHED_OFF) from None


async def body_of(user: User, body: dict[str, Any]) -> bytes:
    """The body to parse, with its pictures in it. Raises BadRequest for one that is not there,
    Unavailable."""
    files = attachments.named(body)
    if files:
        try:
            urls = await in_thread(lambda: attachments.read(files, user.pk))
        except DatabaseError:
            raise Unavailable(NOT_NOW, retry_after_s=2) from None
        # A copy: the command keeps the names of its files.
        body = orjson.loads(orjson.dumps(body))
        attachments.put_in(body, urls)
    return orjson.dumps({**body, "stream": True})
