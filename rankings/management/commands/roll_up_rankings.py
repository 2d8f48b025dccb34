"""manage.py roll_up_rankings: take the days of the rankings now, or all of them anew."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from rankings.rollup import rebuild, roll_up


class Command(BaseCommand):
    help = (
        "Bring the rankings up to date, as a periodic task does every ten minutes. They are made"
        " of the sums of usage: roll_up_usage comes first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="take every day anew")

    def handle(self, *args: Any, **options: Any) -> str:
        take = rebuild if options["rebuild"] else roll_up
        return f"{take(self._tell)} days taken"

    def _tell(self, day: date) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"{day} ...")
