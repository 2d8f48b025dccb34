"""What went in and out of one's own account, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.signed_in import user_of
from billing import history
from billing.credits import account_id
from billing.statement import Month, month_of
from billing.statement_download import download
from openrouter_site.errors import BadRequest
from pages import credit_words

_PAGE_ROWS = 50
_WITHOUT_USAGE = "payments"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The months beside this one, as addresses name them; empty where nothing can be."""

    before: str
    after: str


@never_cache
@login_required
@require_safe
def credit_history(request: HttpRequest) -> HttpResponse:
    """`?month=2026-11`, `?show=payments` without what requests cost, `?page=2`."""
    account = account_id(user_of(request))
    now = timezone.now()
    text = request.GET.get("month") or _name(now)
    try:
        month = month_of(text)
    except ValueError:
        raise Http404 from None
    without_usage = request.GET.get("show") == _WITHOUT_USAGE
    totals = history.totals(account, month)
    rows = history.transfers(account, month, without_usage=without_usage)
    page = Paginator(rows, _PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "tabs": credit_words.tabs(),
        "month": month,
        "month_name": text,
        "is_under_way": month.begin <= now < month.end,
        "neighbours": _neighbours(month, history.first_moment(account), now),
        "totals": totals,
        "page": page,
        "lines": history.lines(list(page.object_list), totals.opening_nano),
        "views": [
            {"value": "all", "label": "Everything", "href": f"?month={text}"},
            {
                "value": _WITHOUT_USAGE,
                "label": "Without usage",
                "href": f"?month={text}&show={_WITHOUT_USAGE}",
            },
        ],
        "view": _WITHOUT_USAGE if without_usage else "all",
    }
    return render(request, "account/credit_history.html", context)


def _neighbours(month: Month, first: datetime | None, now: datetime) -> Neighbours:
    has_before = first is not None and first < month.begin
    return Neighbours(
        before=_name(month.begin - timedelta(days=1)) if has_before else "",
        after=_name(month.end) if month.end <= now else "",
    )


def _name(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


@never_cache
@login_required
@require_safe
def statement(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The month as CSV."""
    try:
        return download(account_id(user_of(request)), request.GET.get("month", ""))
    except BadRequest:
        raise Http404 from None
