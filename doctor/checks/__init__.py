"""Every check there is, in the order shown. The page and `manage.py doctor` have this one list."""

from __future__ import annotations

from doctor.checks import (
    database,
    mail,
    money,
    processes,
    providers,
    secrecy,
    shared,
    site,
    sockets,
    storage,
)

CHECKS = (
    *database.CHECKS,
    *shared.CHECKS,
    *processes.CHECKS,
    *site.CHECKS,
    *sockets.CHECKS,
    *mail.CHECKS,
    *storage.CHECKS,
    *secrecy.CHECKS,
    *providers.CHECKS,
    *money.CHECKS,
)
