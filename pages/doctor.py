"""The doctor's page: every check with its verdict, and a mail to oneself."""

from __future__ import annotations

import logging
from itertools import groupby
from smtplib import SMTPException, SMTPResponseException

from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from doctor import echo
from doctor.checks import CHECKS
from doctor.examination import examine, worst
from doctor.verdict import State, Visit
from pages.staff import for_staff, tabs

logger = logging.getLogger(__name__)


@require_safe
@for_staff
def show(request: HttpRequest) -> HttpResponse:
    findings = examine(CHECKS, _visit(request))
    areas = [
        (area, list(members)) for area, members in groupby(findings, lambda each: each.check.area)
    ]
    context = {
        "tabs": tabs(),
        "areas": areas,
        "to_do": sorted(
            (finding for finding in findings if finding.verdict.state is not State.OK),
            key=lambda finding: finding.verdict.state is not State.BAD,
        ),
        "state": worst(findings),
        "counts": {state.value: sum(f.verdict.state is state for f in findings) for state in State},
        "looked_at": timezone.now(),
        "echo_path": echo.PATH,
    }
    return render(request, "operator/doctor.html", context)


def _visit(request: HttpRequest) -> Visit:
    meta = request.META
    return Visit(
        scheme=request.scheme or "",
        host=request.get_host(),
        remote_address=str(meta.get("REMOTE_ADDR", "")),
        forwarded_proto=str(meta.get("HTTP_X_FORWARDED_PROTO", ""))[:16],
        forwarded_for=str(meta.get("HTTP_X_FORWARDED_FOR", ""))[:256],
    )


@require_POST
@for_staff
def send_mail_to_oneself(request: HttpRequest) -> HttpResponse:
    address = request.user.get_username()
    try:
        send_mail(
            f"{settings.SITE_NAME}: a test",
            f"Mail from {settings.SITE_URL} reaches you.\n",
            None,
            [address],
        )
    except (OSError, SMTPException) as error:
        logger.warning("the test mail was not sent: %s", type(error).__name__)
        messages.error(request, f"The mail server did not take it: {_reason(error)}.")
    else:
        where = "" if settings.EMAIL_HOST else f" (as a file in {settings.EMAIL_FILE_PATH})"
        messages.success(request, f"Sent to {address}{where}.")
    return redirect("pages:doctor")


def _reason(error: Exception) -> str:
    """Its kind and code: a server may repeat in words what it was given."""
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    return f"{type(error).__name__}{code}"
