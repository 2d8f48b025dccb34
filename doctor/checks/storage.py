"""DATA_DIR, its disk, the journal of settlements, and the static files."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import ago, count, listed

AREA = "Storage"
_MB = 1_000_000
_FREE_WARN_BYTES, _FREE_BAD_BYTES = 1000 * _MB, 100 * _MB
# What waits longer than this was not replayed when it should have been.
_JOURNAL_AGE_S_MAX = 120


def writable(visit: Visit | None) -> Verdict:
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as file:
            file.write(b"doctor")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return bad(
            f"{settings.DATA_DIR} cannot be written ({reason}).",
            "Make it writable for the user of the servers, or name another one with DATA_DIR.",
        )
    return ok(f"{settings.DATA_DIR} can be written.")


def space(visit: Visit | None) -> Verdict:
    usage = shutil.disk_usage(settings.DATA_DIR)
    percent = 100 * usage.free / usage.total
    text = f"{usage.free / 1e9:.1f} GB free ({percent:.0f} %)."
    remedy = "Make room on the disk of DATA_DIR: settlements go there when the database is away."
    if usage.free < _FREE_BAD_BYTES:
        return bad(text, remedy)
    return warn(text, remedy) if usage.free < _FREE_WARN_BYTES else ok(text)


def journal(visit: Visit | None) -> Verdict:
    """Settlements that the database could not take (billing.journal)."""
    folder = Path(settings.DATA_DIR) / "journal"
    files = list(folder.iterdir()) if folder.is_dir() else []
    refused = [path.name for path in files if path.name.endswith(".refused")]
    if refused:
        return bad(
            f"{count(len(refused), 'file', 'files')} of settlements that the ledger refused.",
            f"The server's log says why; then move {listed(refused, 2)} out of {folder}.",
        )
    waiting = [path for path in files if ".jsonl" in path.name]
    if not waiting:
        return ok("Nothing waits to be settled.")
    age_s = time.time() - min(path.stat().st_mtime for path in waiting)
    text = f"{count(len(waiting), 'file', 'files')} of settlements, the oldest from {ago(age_s)}."
    if age_s > _JOURNAL_AGE_S_MAX:
        return warn(text, "They are replayed by a server process that reaches the database.")
    return ok(text)


def static(visit: Visit | None) -> Verdict:
    if not settings.PRODUCTION:
        return ok("Served from where they are; nothing need be collected.")
    lacking = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            if not (Path(settings.STATIC_ROOT) / name).is_file():
                lacking.append(name)
    if lacking:
        return bad(
            f"{count(len(lacking), 'file is', 'files are')} not collected: {listed(lacking, 3)}.",
            "Run manage.py collectstatic, then restart.",
        )
    return ok("All are collected.")


CHECKS = (
    Check("storage.writable", AREA, "DATA_DIR", writable),
    Check("storage.space", AREA, "Free space", space),
    Check("storage.journal", AREA, "Journal", journal),
    Check("storage.static", AREA, "Static files", static),
)
