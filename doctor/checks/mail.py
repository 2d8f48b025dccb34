"""E-mail: where it goes, and who is told when something is wrong."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import count

AREA = "E-mail"
_TIMEOUT_S = 3.0


def server(visit: Visit | None) -> Verdict:
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return _files()
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return ok(f"Mail goes by {settings.EMAIL_BACKEND}.")
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        smtp = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=_TIMEOUT_S)
        try:
            smtp.ehlo()
            if settings.EMAIL_USE_TLS and not smtp.has_extn("starttls"):
                return bad(f"{place} offers no STARTTLS.", "Set EMAIL_USE_TLS=0, or another port.")
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
    except (OSError, smtplib.SMTPException) as error:
        return bad(
            f"The mail server {place} does not answer ({type(error).__name__}).",
            "Check EMAIL_HOST and EMAIL_PORT. Until then nobody can verify an address.",
        )
    return ok(f"The mail server {place} answers. Send yourself a mail to see the rest.")


def _files() -> Verdict:
    folder = Path(settings.EMAIL_FILE_PATH)
    found = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    text = f"Mail is written to files in {folder} ({count(found, 'file', 'files')})."
    if settings.PRODUCTION:
        return warn(f"{text} Nobody gets it.", "Set EMAIL_HOST and its user and password.")
    return ok(text)


def operator(visit: Visit | None) -> Verdict:
    if settings.OPERATOR_EMAIL or settings.ADMINS:
        return ok("The ledger's alarms have an address.")
    return warn(
        "Nobody is told when the ledger does not balance.", "Set OPERATOR_EMAIL to your address."
    )


CHECKS = (
    Check("mail.server", AREA, "Mail server", server, timeout_s=8),
    Check("mail.operator", AREA, "Alarms", operator),
)
