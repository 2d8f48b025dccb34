"""Roll-ups beside each other, and beside the money writer: real transactions, free generations
(transfers cannot be deleted after a test)."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from activity_builders import HOUR, MINUTE, NOW, generation, person, record, sums, sums_of
from django.db import connections

from activity.models import UsageHour, Watermark
from activity.rollup import roll_up
from billing import book_rows
from billing.book import Book
from openrouter_site import database


def requests_of(person):
    return sum(each.requests for each in person.reading.usage(NOW - 9 * HOUR, NOW).values())


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_roll_up_at_once_count_nothing_twice():
    alice = person("alice")
    record(*(generation(alice, NOW - n * 10 * MINUTE, cost_nano=0) for n in range(200)))
    start, failures = threading.Barrier(2), []

    def worker():
        try:
            start.wait(10)
            roll_up(NOW)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sums() == sums_of(Watermark.objects.get().until)


@pytest.mark.engine("postgresql")
@pytest.mark.django_db(transaction=True)
def test_what_is_being_written_while_its_hour_is_taken_anew_is_not_missed():
    alice = person("alice")
    record(generation(alice, NOW - 5 * HOUR, cost_nano=0))
    roll_up(NOW)
    record(generation(alice, NOW - 5 * HOUR, cost_nano=0), now=NOW)
    late = generation(alice, NOW - 5 * HOUR, cost_nano=0)
    with closing(database.connect()) as writer, writer.transaction():
        book = Book(now=NOW)
        book.generations = {late.id: late}
        book_rows.store(writer, book)
        roll_up(NOW)
        assert requests_of(alice) == 2
    assert requests_of(alice) == 3
    assert UsageHour.objects.get().requests == 2
    roll_up(NOW)
    assert UsageHour.objects.get().requests == 3
