"""The audit log as a page and as CSV. It can be read, and nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pages import audit_log
from pages.audit_log import Entry, Filters
from pages.staff import for_staff, tabs

_PER_PAGE = 50
_CSV_ROWS_MAX = 50_000
_COLUMNS = ("time", "who", "what", "subject", "detail", "reason")
_PERMISSION = "admin.view_logentry"


class FilterForm(forms.Form):
    """What makes no sense is told at its field, and not filtered by."""

    actor = forms.CharField(label="Who", required=False, max_length=120)
    kind = forms.ChoiceField(label="What", required=False, choices=audit_log.KINDS)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    everyone = forms.BooleanField(label="Users too", required=False)

    def filters(self, before: tuple[datetime, str, Any] | None = None) -> Filters:
        self.is_valid()
        asked = self.cleaned_data
        until = asked.get("until")
        return Filters(
            actor=asked.get("actor", "").strip(),
            kind=asked.get("kind", ""),
            since=_midnight(asked.get("since")),
            until=_midnight(until and until + timedelta(days=1)),
            everyone=asked.get("everyone", False),
            before=before,
        )

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until is not None and until.year > 9000:
            raise forms.ValidationError("Enter a day that is nearer.")
        return until


def _midnight(day: Any) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


@require_safe
@for_staff
def show(request: HttpRequest) -> HttpResponse:
    _demand(request)
    form = FilterForm(request.GET)
    found, has_more = audit_log.page(form.filters(_place(request.GET.get("before"))), _PER_PAGE)
    context = {
        "tabs": tabs(),
        "form": form,
        "entries": found,
        "is_first": "before" not in request.GET,
        "is_filtered": any(value for name, value in request.GET.items() if name != "before"),
        "next": _mark(found[-1]) if has_more else "",
    }
    return render(request, "operator/audit.html", context)


@require_safe
@for_staff
def download(request: HttpRequest) -> HttpResponseBase:
    _demand(request)
    found = islice(audit_log.entries(FilterForm(request.GET).filters()), _CSV_ROWS_MAX)
    return StreamingHttpResponse(
        _lines(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit-log.csv"'},
    )


def _demand(request: HttpRequest) -> None:
    if not request.user.has_perm(_PERMISSION):
        raise PermissionDenied


def _lines(entries: Iterator[Entry]) -> Iterator[str]:
    yield _line(_COLUMNS)
    for entry in entries:
        yield _line(
            (
                entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), entry.actor, entry.what,
                entry.subject, entry.detail, entry.reason,
            )
        )  # fmt: skip


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """Spreadsheets take what begins so for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _mark(entry: Entry) -> str:
    """Where the next page begins, signed: it goes into a query as it comes back."""
    at, kind, pk = entry.place
    return signing.dumps([at.isoformat(), kind, pk], salt="pages.audit", compress=True)


def _place(mark: str | None) -> tuple[datetime, str, Any] | None:
    try:
        at, kind, pk = signing.loads(mark or "", salt="pages.audit")
    except signing.BadSignature:
        return None
    return datetime.fromisoformat(at), kind, pk
