"""When and from where a session was last used, for its owner's list: to five minutes."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

_PRECISION_S = 300

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def session_activity(get_response: GetResponse) -> GetResponse:
    """Only where a view looked at the session, so that nothing else costs a query."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.session.accessed and request.session.session_key:
            _note(request, request.session.session_key)
        return response

    return respond


def _note(request: HttpRequest, session_key: str) -> None:
    if not cache.add(f"session-seen:{session_key}", True, _PRECISION_S):
        return
    try:
        UserSession.objects.filter(session_key=session_key).update(
            last_seen_at=timezone.now(), ip=get_adapter().get_client_ip(request)
        )
    except (DatabaseError, PermissionDenied):
        # Nice to know, and not worth an error; the address is unknown behind a socket.
        return
