"""How checks are run: side by side, each within its time, and never failing."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from doctor import examination
from doctor.examination import examine, worst
from doctor.verdict import Check, State, ok, warn

pytestmark = pytest.mark.django_db


def check(name, examine, timeout_s=5.0, area="Things"):
    return Check(name, area, name.title(), examine, timeout_s)


def fine(visit):
    return ok("Fine.")


def test_findings_come_in_the_order_of_the_checks():
    checks = [check("a", fine), check("b", lambda _: warn("Hm.", "Look.")),
              check("c", fine, area="More")]  # fmt: skip
    findings = examine(checks)
    assert [finding.check.name for finding in findings] == ["a", "b", "c"]
    assert [finding.verdict.state for finding in findings] == ["ok", "warn", "ok"]
    assert worst(findings) is State.WARN


def test_a_check_that_raises_is_bad_and_says_nothing_of_the_words(caplog):
    def broken(visit):
        raise ValueError("password=hunter2")

    (finding,) = examine([check("a", broken)])
    assert finding.verdict.state is State.BAD
    assert "ValueError" in finding.verdict.text
    assert "hunter2" not in finding.verdict.text + finding.verdict.remedy


def test_a_database_that_is_away_is_told_as_such():
    def away(visit):
        raise OperationalError("server closed the connection")

    (finding,) = examine([check("a", away)])
    assert "the database does not answer" in finding.verdict.text


def test_a_check_that_hangs_costs_its_own_time_and_no_other_area():
    release = threading.Event()

    def hangs(visit):
        release.wait(30)
        return ok("At last.")

    checks = [check("slow", hangs, 0.05), check("after", fine), check("other", fine, area="More")]
    try:
        slow, after, other = examine(checks)
        assert "No answer within 0.05 seconds" in slow.verdict.text
        assert "“Slow” did not end" in after.verdict.text
        assert other.verdict.state is State.OK
        again, *_ = examine(checks)
        assert "an earlier look still waits" in again.verdict.text
    finally:
        release.set()
    examination._stuck["Things"].join()
    assert examine([check("slow", fine)])[0].verdict.state is State.OK
