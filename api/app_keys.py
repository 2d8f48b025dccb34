"""Keys for apps by OAuth PKCE (seed, OAuth PKCE; openrouter-today, section 3).

`POST /auth/keys` exchanges a code for a key, from a browser or a server, without a key of its own.
`POST /auth/keys/code` makes a code for a program that acts for the user already.
"""

from __future__ import annotations

import zlib
from datetime import UTC
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import app_requests, challenges, keys, pkce
from accounts.key_values import wrong
from accounts.models import ApiKey
from api.authentication import KeyAuthentication, caller
from api.bodies import read_object
from api.views import answers
from billing import app_keys, limits
from openrouter_site.errors import Forbidden

_KNOWN = (
    "callback_url", "code_challenge", "code_challenge_method", "limit", "usage_limit_type",
    "expires_at", "key_label",
    # OpenRouter's clients send these; they have no meaning here.
    "workspace_id", "spawn_agent", "spawn_cloud",
)  # fmt: skip
_TEXT_CHARACTERS_MAX = 256


@answers(("POST",))
def exchange(request: Request) -> Response:
    """`{"key", "user_id"}` for `{"code", "code_verifier"?, "code_challenge_method"?}`."""
    # Whoever asks is unknown, so the limit is his address's. It does not depend on the code.
    limits.read(f"address:{request.META.get('REMOTE_ADDR', '')}")
    body = read_object(request, known=None)
    code = _text(body, "code")
    if not code:
        raise wrong("code", "is missing. It came to your callback_url as ?code=...")
    verifier = _text(body, "code_verifier")
    method = challenges.read_method(body.get("code_challenge_method"))
    row, key = app_keys.exchange(code, verifier, method)
    return Response({"key": key, "user_id": f"user_{row.user_id}"})


@answers(("POST",), KeyAuthentication)
def code(request: Request) -> Response:
    """`{"data": {"id", "app_id", "created_at"}}`; `id` is the code."""
    asking = caller(request)
    key = ApiKey.objects.get(pk=asking.id)
    _check_may_make_keys(asking, key)
    body = read_object(request, _KNOWN)
    if not body.get("callback_url"):
        raise wrong("callback_url", "is missing. It says for which app the key is.")
    asked = app_requests.read(body)
    row, text = pkce.issue(
        asking.user_id, asked.origin, asked.challenge, asked.proposed, made_by=key
    )
    data = {
        "id": text,
        # An app is its address here, so this is a number of it, the same each time.
        "app_id": zlib.crc32(asked.origin.encode()),
        "created_at": row.created_at.astimezone(UTC).isoformat(),
    }
    return Response({"data": data})


def _check_may_make_keys(asking: keys.Key, key: ApiKey) -> None:
    """No key makes one that can do more than itself (design/hardening.md, section 6)."""
    if asking.member_id is not None:
        raise Forbidden(
            "A member's key cannot make codes: an app's key spends from its owner's own account.",
            {"remedy_hint": "Use a key of your own account."},
        )
    if asking.is_management:
        return
    limit_nano = app_keys.limit_of(key)
    if key.app_origin or key.expires_at or key.allowed_models or limit_nano is not None:
        raise Forbidden(
            "This key is an app's, or limited, and cannot make codes for new keys.",
            {"remedy_hint": "Use a management key, or a key without limit, end and list of models"},
        )


def _text(body: dict[str, Any], name: str) -> str:
    """ "" when it is not there."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _TEXT_CHARACTERS_MAX:
        raise wrong(name, f"must be a text of at most {_TEXT_CHARACTERS_MAX} characters.")
    return value
