from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone
from statistic_builders import probe, rename

from routing import condition
from routing.models import ProcessReport
from routing.statistic_rows import PROBE_AGE_S_MAX

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    condition.forget()
    yield
    condition.forget()


def report(name, *troubles):
    ProcessReport.objects.create(
        instance_id=name, at=timezone.now(), troubles=[list(each) for each in troubles]
    )


def test_endpoints_are_stable_unless_some_process_tries_them_last():
    report("alice", (1, 3, 0, 0.0, False))
    report("bob", (2, 0, 0, 12.0, False), (-3, 2, 0, 0.0, False))
    now = condition.current()
    assert [now.is_stable(each) for each in (1, 2, 3, 4)] == [False, False, True, True]
    assert now.troubles[2].left_s == 12


def test_the_latest_probes_are_told_while_they_are_young():
    now_s = timezone.now().timestamp()
    probe("deepinfra", now_s=now_s, error="no answer")
    probe("together", now_s=now_s, ago_s=PROBE_AGE_S_MAX + 60)
    probe("openai", now_s=now_s, ok=True)
    assert condition.current().failing_probes == {"deepinfra": "no answer"}


def test_pages_share_what_was_read(django_assert_num_queries):
    with django_assert_num_queries(2):
        for _ in range(3):
            condition.current()


def test_without_a_database_all_seems_well_until_it_comes_back():
    table = ProcessReport._meta.db_table
    report("alice", (1, 3, 0, 0.0, False))
    try:
        with transaction.atomic():
            rename(table, "away")
            assert condition.current().is_stable(1)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert not condition.current().is_stable(1)
