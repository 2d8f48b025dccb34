"""/playground/chats: what the page asks about chats. Whoever asks for another's finds nothing."""

from __future__ import annotations

import orjson
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from openrouter_site.errors import BadRequest
from playground import access, chat_settings, chats, exports, ids, news, reading
from playground.asking import answered, asked, for_the_page
from playground.search import search


@for_the_page("GET", "POST")
def listing(request: HttpRequest, user: User) -> HttpResponse:
    """GET: the newest, those after `after`, or those that say `q`. POST: a new one."""
    if request.method == "POST":
        return _create(request, user)
    if request.GET.get("q", "").strip():
        found = search(user.pk, request.GET["q"])
        return answered({"chats": chats.listed(found), "next": None})
    page, following = chats.page(user.pk, request.GET.get("after", ""))
    return answered({"chats": chats.listed(page), "next": following})


def _create(request: HttpRequest, user: User) -> HttpResponse:
    body = asked(request, "id", "title", "settings")
    chat = chats.create(
        user.pk,
        ids.checked("chat", body.get("id"), "id"),
        chats.checked_title(body.get("title", "")),
        chat_settings.checked(body.get("settings", {})),
    )
    news.chat_changed(user.pk, chat.pk)
    return answered({"chat": chats.listed([chat])[0]}, 201)


@for_the_page("GET", "POST")
def chat(request: HttpRequest, user: User, chat_id: str) -> HttpResponse:
    """GET: all of it. POST: another title, other settings."""
    if request.method != "POST":
        return answered(reading.described(access.chat_of(user.pk, chat_id)))
    body = asked(request, "title", "settings")
    checks = {"title": chats.checked_title, "settings": chat_settings.checked}
    changes = {name: checks[name](value) for name, value in body.items()}
    if not changes:
        raise BadRequest("Say a title or settings.")
    chats.change(user.pk, chat_id, changes)
    if "title" in changes:
        news.chat_changed(user.pk, chat_id)
    return answered({"id": chat_id, **changes})


@for_the_page("POST")
def delete(request: HttpRequest, user: User, chat_id: str) -> HttpResponse:
    chats.delete(access.chat_of(user.pk, chat_id))
    news.chat_changed(user.pk, chat_id)
    return answered({"id": chat_id, "undo_s": int(chats.UNDO.total_seconds())})


@for_the_page("POST")
def restore(request: HttpRequest, user: User, chat_id: str) -> HttpResponse:
    chat = chats.restore(user.pk, chat_id)
    news.chat_changed(user.pk, chat_id)
    return answered({"chat": chats.listed([chat])[0]})


@for_the_page("GET")
def export(request: HttpRequest, user: User, chat_id: str, form: str) -> HttpResponse:
    """The branches that end in `leaves`, else those on screen when the chat was last saved."""
    found = exports.document(access.chat_of(user.pk, chat_id), request.GET.get("leaves", ""))
    if form == "json":
        text = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
        answer = HttpResponse(text, content_type="application/json")
    else:
        answer = HttpResponse(exports.markdown(found), content_type="text/markdown; charset=utf-8")
    name = f"{exports.file_name(found['title'])}.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
