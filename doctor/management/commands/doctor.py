"""manage.py doctor: is everything there that this site needs?"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from doctor.checks import CHECKS
from doctor.examination import examine, worst
from doctor.verdict import Finding, State

_MARKS = {State.OK: "ok  ", State.WARN: "WARN", State.BAD: "BAD "}


class Command(BaseCommand):
    help = (
        "Look at everything this site needs, from the database to the WebSocket through the proxy,"
        " and say what to do. Exit code 1 when something does not work. Takes 15 seconds at most."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document")
        parser.add_argument(
            "--only", metavar="NAME", action="append", default=[],
            help="only these checks, or areas: database, redis.eviction; may be repeated",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        only = options["only"]
        checks = [check for check in CHECKS if not only or _is_meant(check.name, only)]
        if not checks:
            names = ", ".join(dict.fromkeys(check.name.partition(".")[0] for check in CHECKS))
            raise CommandError(f"--only: there is no such check; areas are {names}")
        findings = examine(checks)
        state = worst(findings)
        if options["json"]:
            document = {"state": state, "checks": [finding.as_json() for finding in findings]}
            self.stdout.write(json.dumps(document, indent=2))
        else:
            self._tell(findings)
        if state is State.BAD:
            sys.exit(1)

    def _tell(self, findings: list[Finding]) -> None:
        for area, members in groupby(findings, key=lambda finding: finding.check.area):
            self.stdout.write(area)
            for finding in members:
                verdict = finding.verdict
                self.stdout.write(
                    f"  {_MARKS[verdict.state]}  {finding.check.title}: {verdict.text}"
                )
                if verdict.remedy:
                    self.stdout.write(f"        -> {verdict.remedy}")
        counts = [sum(each.verdict.state is state for each in findings) for state in State]
        self.stdout.write("{} ok, {} warnings, {} bad".format(*counts))


def _is_meant(name: str, only: list[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in only)
