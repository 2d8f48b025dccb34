"""/s/{token} for whoever has it, and /playground/shared for who made it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import user_of
from openrouter_site.errors import BadRequest, NotFound
from playground import access, chats, ids, shares
from playground.asking import answered, asked, for_the_page
from playground.chat_settings import PANES_MAX
from playground.file_views import sent
from playground.models import Message, Share
from playground.share_markdown import cleaned
from ui.site_address import base_url

_PAGE_ROWS = 50
_SPEAKERS = {Message.Role.USER.value: "Question", Message.Role.TOOL.value: "Tool result"}
_NOBODY_LISTS_IT = "noindex, nofollow, noarchive"


@for_the_page("POST")
def create(request: HttpRequest, user: User, chat_id: str) -> HttpResponse:
    """A link to the branches that end in `leaves`, else to those on screen."""
    chat = access.chat_of(user.pk, chat_id)
    leaves = asked(request, "leaves").get("leaves") or []
    if type(leaves) is not list or len(leaves) > PANES_MAX:
        raise BadRequest("leaves must be a list of messages", {"field": "leaves"})
    share = shares.create(chat, ",".join(ids.checked("msg", each, "leaves") for each in leaves))
    url = base_url(request) + reverse("playground_share", args=[share.pk])
    created_at = share.created_at.isoformat()
    return answered({"token": share.pk, "url": url, "created_at": created_at}, 201)


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The links there are."""
    rows = shares.of_user(user_of(request).pk).defer("encrypted").select_related("chat")
    page = Paginator(rows, _PAGE_ROWS).get_page(request.GET.get("page"))
    found = [{"share": share, "title": chats.title_of(share.chat)} for share in page]
    context = {"page": page, "shares": found, "base_url": base_url(request)}
    answer = render(request, "playground/shared.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def revoke(request: HttpRequest, token: str) -> HttpResponseBase:
    """By the form of the list, or by the Playground."""
    if request.content_type == "application/json":
        return _revoke_by_script(request, token=token)
    return _revoke_by_form(request, token)


@for_the_page("POST")
def _revoke_by_script(request: HttpRequest, user: User, token: str) -> HttpResponse:
    shares.revoke(user.pk, token)
    return answered({"token": token})


@require_POST
@login_required
def _revoke_by_form(request: HttpRequest, token: str) -> HttpResponse:
    try:
        shares.revoke(user_of(request).pk, token)
    except NotFound:
        raise Http404 from None
    messages.success(request, "The link shows nothing any more.")
    return redirect("playground_shared")


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The chat, for whoever has the link."""
    share = _share(token)
    answer = render(request, "playground/share.html", _shown(share))
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = _NOBODY_LISTS_IT
    return answer


@require_GET
def shared_file(request: HttpRequest, token: str, file_id: str) -> HttpResponse:
    """A picture of it."""
    file = shares.file_in(_share(token), file_id)
    if file is None:
        raise Http404
    try:
        answer = sent(request, file)
    except NotFound:
        raise Http404 from None
    answer["X-Robots-Tag"] = _NOBODY_LISTS_IT
    return answer


def _share(token: str) -> Share:
    share = shares.visible(token)
    if share is None:
        raise Http404
    return share


def _shown(share: Share) -> dict[str, Any]:
    snapshot = shares.snapshot_of(share)
    panes = [
        pane | {"messages": [_message(message) for message in pane["messages"]]}
        for pane in snapshot.get("panes", [])
    ]
    return {"share": share, "title": snapshot.get("title") or "Chat", "panes": panes}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """What was clean when it was kept is cleaned once more."""
    return message | {
        "speaker": _SPEAKERS.get(message["role"]) or message["model"] or "Answer",
        "html": mark_safe(cleaned(message["html"])),
        "reasoning": mark_safe(cleaned(message["reasoning"])),
    }
