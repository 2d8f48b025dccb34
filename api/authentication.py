"""Who calls: `Authorization: Bearer <key>`, and nothing else (spec: decisions).

A session cookie, `X-Api-Key` or `?api_key=` never authenticates here. `request.auth` is the
accounts.keys.Key; `request.user` stays None, because a key is not a signed-in person.
"""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.keys import Key, authenticate_blocking
from billing import limits
from openrouter_site.errors import Unauthorized, Unavailable


class KeyAuthentication(BaseAuthentication):
    """A valid key, or Unauthorized (Unavailable when no one can tell, TooManyRequests in a surge).

    Ours are raised instead of the framework's AuthenticationFailed, which becomes a 403 for
    authenticators that, like this one, have no WWW-Authenticate challenge.
    """

    def authenticate(self, request: Request) -> tuple[None, Key] | None:
        key = authenticate_blocking(request.headers.get("Authorization"))
        limits.read(key.account_id)
        return None, key


class OptionalKeyAuthentication(KeyAuthentication):
    """For public pages that say more to whom they know: a bad key is ignored, not refused."""

    def authenticate(self, request: Request) -> tuple[None, Key] | None:
        try:
            return super().authenticate(request)
        except (Unauthorized, Unavailable):
            return None


def caller(request: Request) -> Key:
    """The key of a request that KeyAuthentication let in."""
    assert isinstance(request.auth, Key)
    return request.auth
