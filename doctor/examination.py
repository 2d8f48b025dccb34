"""All checks at once: the areas side by side, the checks of an area one after the other.

A check that hangs is told as such and left behind; its thread ends with the process. Whatever a
check raises is a verdict too, so that the page never fails.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from itertools import groupby
from queue import Empty, SimpleQueue

from django.db import DatabaseError

from doctor.verdict import Check, Finding, State, Verdict, Visit, bad
from openrouter_site.database import OUTAGES, orm_connection

logger = logging.getLogger(__name__)

EXAMINATION_TIMEOUT_S = 15.0

# One examination at a time; and the areas whose thread never came back.
_lock = threading.Lock()
_stuck: dict[str, _Area] = {}


class _Area(threading.Thread):
    """The checks of one area. As a daemon it keeps no process from ending."""

    def __init__(self, checks: Sequence[Check], visit: Visit | None) -> None:
        super().__init__(name=f"doctor: {checks[0].area}", daemon=True)
        self.checks = checks
        self._visit = visit
        self._findings: SimpleQueue[Finding] = SimpleQueue()

    def run(self) -> None:
        with orm_connection():
            for check in self.checks:
                self._findings.put(_examined(check, self._visit))

    def collect(self, until_s: float) -> list[Finding]:
        """A finding for each check, no later than `until_s` (monotonic)."""
        findings: list[Finding] = []
        for check in self.checks:
            timeout_s = max(0.0, min(check.timeout_s, until_s - time.monotonic()))
            try:
                findings.append(self._findings.get(timeout=timeout_s))
            except Empty:
                break
        late = self.checks[len(findings) :]
        if late:
            _stuck[late[0].area] = self
            findings.append(Finding(late[0], _too_slow(late[0])))
            findings += [Finding(check, _not_reached(late[0])) for check in late[1:]]
        return findings


def examine(checks: Sequence[Check], visit: Visit | None = None) -> list[Finding]:
    """Every check's finding, in their order; takes 15 seconds at most, and raises nothing."""
    with _lock:
        until_s = time.monotonic() + EXAMINATION_TIMEOUT_S
        areas: list[_Area | Sequence[Check]] = []
        for name, group in groupby(checks, key=lambda check: check.area):
            members = list(group)
            if (before := _stuck.get(name)) is not None and before.is_alive():
                areas.append(members)
                continue
            _stuck.pop(name, None)
            area = _Area(members, visit)
            area.start()
            areas.append(area)
        findings: list[Finding] = []
        for each in areas:
            if isinstance(each, _Area):
                findings += each.collect(until_s)
            else:
                findings += [Finding(check, _still_waiting()) for check in each]
        return findings


def worst(findings: Sequence[Finding]) -> State:
    states = {finding.verdict.state for finding in findings}
    return next((state for state in (State.BAD, State.WARN) if state in states), State.OK)


def _examined(check: Check, visit: Visit | None) -> Finding:
    started_s = time.monotonic()
    try:
        verdict = check.examine(visit)
    except (DatabaseError, *OUTAGES):
        verdict = bad("Not known: the database does not answer.", "See the checks of the database.")
    except Exception as error:
        # Its words may hold anything; the log is for the operator alone.
        logger.exception("the check %s failed", check.name)
        verdict = bad(
            f"The check itself failed ({type(error).__name__}).",
            "The log of this process says how.",
        )
    return Finding(check, verdict, round((time.monotonic() - started_s) * 1000))


def _too_slow(check: Check) -> Verdict:
    return bad(
        f"No answer within {check.timeout_s:g} seconds.",
        "What it asks is reachable and does not answer: look at its load and at the network.",
    )


def _not_reached(before: Check) -> Verdict:
    return bad(f"Not known: “{before.title}” did not end.", f"See “{before.title}”.")


def _still_waiting() -> Verdict:
    return bad(
        "Not known: an earlier look still waits for an answer.",
        "What it asks hangs. If that lasts, restart this process.",
    )
