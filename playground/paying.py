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


async def of(user: User, account: int | None, body: dict[str, Any]) -> tuple[Key, bytes]:
    """The key of the account with this owner (default: the person's own), and the body to parse.

    Raises NotFound where the person may not spend from that account, Unauthorized where its key is
    switched off, BadRequest for pictures that are not there, Unavailable.
    """
    owner_id = user.pk if account is None else account
    files = attachments.named(body)

    def read() -> tuple[str | None, dict[str, str]]:
        return playground_key.digest_of(user, owner_id), attachments.read(files, user.pk)

    try:
        digest, urls = await in_thread(read)
    except DatabaseError:
        raise Unavailable(NOT_NOW, retry_after_s=2) from None
    if digest is None:
        raise NotFound(NOT_A_MEMBER)
    try:
        key = await keys.known(digest)
    except Unauthorized:
        raise Unauthorized(SWITCHED_OFF) from None
    if files:
        # A copy: the command keeps the names of its files.
        body = orjson.loads(orjson.dumps(body))
        attachments.put_in(body, urls)
    return key, orjson.dumps({**body, "stream": True})
