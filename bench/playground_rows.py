"""People who are signed in, each with a chat, in the gateway's database; in a process of its own.

playground_rows.py COUNT    prints [{"session", "chat"}] as JSON
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

_CREDITS_NANO = 1_000 * 10**9


def visitors(count: int) -> list[dict[str, str]]:
    from accounts.models import User

    found = []
    for number in range(count):
        user = User.objects.create_user(f"visitor-{number}@example.com")
        found.append(_visitor(user))
    return found


def _visitor(user: Any) -> dict[str, str]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from billing.credits import grant
    from playground import ids
    from playground.models import Chat
    from playground.sealing import sealed

    grant(user, _CREDITS_NANO, "bench")
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    document = sealed({"title": "", "settings": {}})
    chat = Chat.objects.create(
        id=ids.new("chat"), user=user, encrypted=document, updated_at=datetime.now(UTC)
    )
    return {"session": store.session_key or "", "chat": chat.pk}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")
    import django

    django.setup()
    print(json.dumps(visitors(int(sys.argv[1]))))
