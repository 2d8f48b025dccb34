"""What is recorded long after it began leaves a note of its hour, in the same commit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ledger_rows import NOW, admit, person, recover, settle, write

from billing.book import GenerationRow
from billing.late import LATE_AFTER, SUMMED_AFTER, late_hours
from billing.models import Generation, LateHour


@pytest.fixture
def alice(books):
    return person()


def notes():
    return list(LateHour.objects.values_list("user_id", "hour"))


def test_a_settlement_in_time_leaves_none(alice, tmp_path):
    at = datetime.now(UTC)
    write(tmp_path, admit(alice, id="gen-1"), settle(alice, "gen-1", 5, created_at=at))
    assert Generation.objects.count() == 1
    assert notes() == []


def test_a_late_one_leaves_its_hour_once_for_a_commit(alice, tmp_path):
    write(tmp_path, admit(alice, 1000, id="gen-1"), admit(alice, 1000, id="gen-2"))
    write(
        tmp_path,
        settle(alice, "gen-1", 5, created_at=NOW + timedelta(minutes=59)),
        settle(alice, "gen-2", 0, created_at=NOW + timedelta(minutes=1)),
    )
    assert Generation.objects.count() == 2
    assert set(notes()) == {(alice.user_id, NOW)}


def test_what_recovery_charges_late_is_noted_and_so_is_its_correction(alice, tmp_path):
    held = admit(alice, 1000, id="gen-1")
    write(tmp_path, held)
    write(tmp_path, recover(alice, "gen-1"))
    assert notes() == []  # nothing was delivered, so nothing was recorded
    write(tmp_path, settle(alice, "gen-1", 5))
    assert notes() == [(alice.user_id, NOW)]


def test_a_repeated_settlement_changes_nothing_and_leaves_no_note(alice, tmp_path):
    write(tmp_path, admit(alice, 1000, id="gen-1"), settle(alice, "gen-1", 5))
    before = notes()
    write(tmp_path, settle(alice, "gen-1", 5))
    assert notes() == before


def test_sums_are_taken_later_than_anything_that_leaves_no_note_may_commit(settings):
    assert timedelta(seconds=settings.HOLD_TTL_S) < LATE_AFTER < SUMMED_AFTER


def test_the_hour_is_that_of_utc():
    at = datetime.fromisoformat("2024-05-15T12:20:00+05:45")
    row = GenerationRow(id="gen-1", user_id=7, key_id=None, created_at=at, model="m")
    assert late_hours([row], NOW) == [(7, datetime(2024, 5, 15, 6, tzinfo=UTC))]
