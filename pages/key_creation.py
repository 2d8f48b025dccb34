"""Making a key, and showing it: once, in the answer to the form, and nowhere else.

Nothing keeps the key, neither the session nor the address nor the browser's cache. So a reload
sends the form again, and its token says that the key was made already.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from accounts.models import ApiKey, User
from accounts.reauthentication import recently_authenticated
from billing import key_creation
from billing.key_creation import MadeAlready
from catalog import live
from openrouter_site.errors import Conflict
from pages import access, examples
from pages.key_form import NewKeyForm
from ui import site_address, snippets

_ONCE = (
    "This key was made already, and its text was shown then. If nobody stored it, rotate the key."
)
_MANAGEMENT_CURL = """\
curl {base_url}/api/v1/keys \\
  -H "Authorization: Bearer {key}\""""


@recently_authenticated()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form, a page of its own or a dialog on the list; and what it makes."""
    user = access.person(request)
    if request.method == "POST":
        form = NewKeyForm(user, request.POST)
        if form.is_valid() and (answer := _made(request, user, form)) is not None:
            return answer
    else:
        form = NewKeyForm(user, holder=request.GET.get("holder", ""))
    template = "account/_key_dialog.html" if _is_fragment(request) else "account/key_new.html"
    response = render(request, template, {"form": form})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and request.method != "POST"


def _made(request: HttpRequest, user: User, form: NewKeyForm) -> HttpResponse | None:
    """None when the form has an error after all."""
    chosen = form.cleaned_data
    try:
        row, key = key_creation.create(
            chosen["holder"].account_id,
            actor=user.email,
            limit_nano=chosen["limit"],
            period=chosen["period"],
            is_management=chosen["kind"] == "management",
            member=chosen["holder"].member,
            form_token=chosen["token"],
            **{"allowed_models": chosen["allowed_models"], **form.row_fields()},
        )
    except Conflict as refusal:
        form.add_error(None, refusal.message)
        return None
    except MadeAlready as made:
        return seen_already(request, made.row)
    return shown_once(request, row, key)


def seen_already(request: HttpRequest, row: ApiKey) -> HttpResponse:
    messages.info(request, _ONCE)
    return redirect("pages:keys") if row.deleted_at else redirect("pages:key", row.pk)


def shown_once(
    request: HttpRequest, row: ApiKey, key: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The only page with the key itself."""
    example = examples.chosen(live.catalog(), row.user, row.allowed_models)
    shown = {
        "row": row,
        "key": key,
        "curl": _curl(request, row, key, example.model),
        "lacks_credits": example.lacks_credits,
        **(context or {}),
    }
    response = render(request, "account/key_created.html", shown)
    response["Cache-Control"] = "no-store"
    return response


def _curl(request: HttpRequest, row: ApiKey, key: str, model: str) -> str:
    base_url = site_address.base_url(request)
    if row.is_management:
        return _MANAGEMENT_CURL.format(base_url=base_url, key=key)
    return snippets.curl(base_url, model, key)
