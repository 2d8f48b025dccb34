"""What rows of the Playground say, as JSON that only this server can read (catalog.encryption)."""

from __future__ import annotations

import logging
from typing import Any

import orjson

from catalog import encryption

logger = logging.getLogger(__name__)


def sealed(document: dict[str, Any]) -> str:
    return encryption.encrypt(orjson.dumps(document).decode())


def opened(encrypted: str) -> dict[str, Any]:
    """Empty when the key it was encrypted with is gone: the rest of a chat is still shown."""
    try:
        found = orjson.loads(encryption.decrypt(encrypted))
    except (encryption.Unreadable, orjson.JSONDecodeError):
        logger.warning("something of the Playground cannot be decrypted (CREDENTIALS_KEY)")
        return {}
    return found if type(found) is dict else {}
