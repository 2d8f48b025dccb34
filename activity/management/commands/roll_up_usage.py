"""manage.py roll_up_usage: take the sums of hours now, or all of them anew."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from activity.rollup import rebuild, roll_up

_TELL_INTERVAL_S = 2.0


class Command(BaseCommand):
    help = (
        "Sum up the hours of usage that are over, as a periodic task does every ten minutes."
        " Safe while the server runs; broken off, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rebuild", action="store_true", help="first take every hour anew, from generations"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        self._told_s = time.monotonic()
        rebuilt = rebuild(self._tell) if options["rebuild"] else 0
        return f"{rebuilt + roll_up(progress=self._tell)} hours summed up"

    def _tell(self, hour: datetime) -> None:
        if time.monotonic() - self._told_s >= _TELL_INTERVAL_S:
            self._told_s = time.monotonic()
            self.stderr.write(f"{hour:%Y-%m-%d %H}:00 ...")
