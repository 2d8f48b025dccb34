"""The checker finds what is wrong: each way of damaging the books is told by its invariant."""

from __future__ import annotations

import io
import logging
import threading
from contextlib import closing

import pytest
from conftest import ON_POSTGRESQL
from django.core.management import CommandError, call_command
from ledger_rows import DOLLAR, admit, person, recover, settle, write

from billing import tasks, verify
from billing.ledger import Progress
from billing.models import KeyBudget
from openrouter_site import database


@pytest.fixture
def alice(ledger_database, tmp_path):
    """Books with a hold in every state, a correction and an overrun: all in order."""
    alice = person(limit_nano=5 * DOLLAR)
    holds = [admit(alice, 1000, id=f"gen-{n}") for n in range(1, 8)]
    progress = [
        Progress(
            account_id=alice.account_id, key_id=alice.key_id, hold_id=f"gen-{n}",
            progress_nano=400, progress_tokens=4,
        )
        for n in (3, 4)
    ]  # fmt: skip
    write(
        tmp_path, *holds, *progress,
        settle(alice, "gen-1", 700),
        settle(alice, "gen-2", 0),
        recover(alice, "gen-3"),
        recover(alice, "gen-4"), settle(alice, "gen-4", 300),
        recover(alice, "gen-5"), settle(alice, "gen-5", 50),
    )  # fmt: skip
    assert verify.check() == []
    return alice


@pytest.fixture
def damage(alice, connection):
    """Runs SQL that neither the product nor the database's own rules would let pass."""
    triggers = (
        ["ALTER TABLE billing_transfer DISABLE TRIGGER USER"]
        if ON_POSTGRESQL
        else ["DROP TRIGGER transfer_no_update", "DROP TRIGGER transfer_no_delete"]
    )
    for statement in triggers:
        connection.execute(statement)
    yield connection.execute
    if ON_POSTGRESQL:
        connection.execute("ALTER TABLE billing_transfer ENABLE TRIGGER USER")


DAMAGES = {
    "UPDATE billing_account SET posted_nano = posted_nano + 1": {"I1"},
    "UPDATE billing_account SET held_nano = held_nano - 1": {"I2"},
    "UPDATE billing_keybudget SET held_nano = held_nano + 1": {"I2"},
    "UPDATE billing_keybudget SET spent_total_nano = spent_total_nano + 1": {"I9"},
    "UPDATE billing_keybudget SET spent_nano = -1": {"I10"},
    "UPDATE billing_keybudget SET limit_nano = 3": {"I3"},
    "UPDATE billing_hold SET state = 'voided' WHERE id = 'gen-6'": {"I2"},
    "UPDATE billing_hold SET state = 'voided' WHERE id = 'gen-1'": {"I4"},
    "UPDATE billing_hold SET charged_nano = 701 WHERE id = 'gen-1'": {"I4"},
    "UPDATE billing_hold SET state = 'captured' WHERE id = 'gen-2'": {"I4"},
    "UPDATE billing_hold SET state = 'recovered' WHERE id = 'gen-4'": {"I4"},
    "UPDATE billing_hold SET amount_nano = 999 WHERE id = 'gen-7'": {"I2"},
    "UPDATE billing_hold SET expires_at = '2020-01-01 00:00:00' WHERE id = 'gen-7'": {"I6"},
    "DELETE FROM billing_hold WHERE id = 'gen-1'": {"I4"},
    "UPDATE billing_generation SET cost_nano = 701 WHERE id = 'gen-1'": {"I8", "I9"},
    "UPDATE billing_generation SET cost_nano = 7 WHERE id = 'gen-2'": {"I5", "I9"},
    "DELETE FROM billing_generation WHERE id = 'gen-1'": {"I5", "I9"},
    "UPDATE billing_transfer SET amount_nano = 701 WHERE id = 'cap:gen-1'": {
        "I1", "I4", "I8", "I9",
    },
    "UPDATE billing_transfer SET amount_nano = 101 WHERE id = 'adjust:gen-4'": {
        "I1", "I4", "I8", "I9",
    },
    "DELETE FROM billing_transfer WHERE id = 'cap:gen-1'": {"I1", "I4", "I5", "I9"},
    "DELETE FROM billing_transfer WHERE kind = 'grant'": {"I1"},
    """INSERT INTO billing_transfer (id, debit, credit, amount_nano, kind, ref, reason, created_at)
       SELECT 'again', debit, credit, amount_nano, kind, ref, reason, created_at
       FROM billing_transfer WHERE id = 'cap:gen-1'""": {"I1", "I4", "I8", "I9"},
    """INSERT INTO billing_transfer (id, debit, credit, amount_nano, kind, ref, reason, created_at)
       SELECT 'over:gen-1', 'overrun', credit, 2, 'overrun', ref, reason, created_at
       FROM billing_transfer WHERE id = 'cap:gen-1'""": {"I12"},
    """INSERT INTO billing_transfer (id, debit, credit, amount_nano, kind, ref, reason, created_at)
       SELECT 'over:x', 'overrun', credit, 2, 'overrun', 'gone', reason, created_at
       FROM billing_transfer WHERE id = 'cap:gen-1'""": {"I4", "I12"},
}  # fmt: skip


@pytest.mark.parametrize("sql", DAMAGES)
def test_each_damage_is_told_by_its_invariants(damage, sql):
    damage(sql)
    found = verify.check()
    assert {difference.invariant for difference in found} == DAMAGES[sql]
    warnings = {difference.invariant for difference in found if difference.warning}
    assert warnings <= {"I3", "I6", "I12"}


def test_amount_that_is_no_integer_is_told(damage, request):
    if ON_POSTGRESQL:
        damage("ALTER TABLE billing_hold ALTER COLUMN progress_nano TYPE numeric")
        request.addfinalizer(
            lambda: _with_connection(
                "ALTER TABLE billing_hold ALTER COLUMN progress_nano TYPE bigint"
            )
        )
    else:
        damage("UPDATE billing_hold SET progress_nano = 0.5 WHERE id = 'gen-1'")
    assert {difference.invariant for difference in verify.check()} == {"I10"}


def _with_connection(sql):
    with closing(database.connect()) as connection:
        connection.execute(sql)


def test_difference_says_how_much_and_shows_the_rows_behind_it(damage):
    damage("UPDATE billing_transfer SET amount_nano = 701 WHERE id = 'cap:gen-1'")
    (hold,) = [each for each in verify.check() if each.invariant == "I4"]
    assert (hold.subject, hold.expected_nano, hold.found_nano) == ("gen-1", 700, 701)
    assert hold.evidence == (
        "hold gen-1 captured $0.000001, charged $0.0000007",
        f"transfer cap:gen-1 {hold.account_id} -> revenue $0.000000701",
    )


def run(*arguments):
    """(exit status, output) of manage.py verify_ledger."""
    out = io.StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out)
    except SystemExit as error:
        return error.code, out.getvalue()
    return 0, out.getvalue()


def test_command_says_ok_with_figures(alice):
    assert run() == (
        0,
        "OK 1 accounts with $9.99999855, $0.000002 of it held by 2 open of 7 holds;"
        " 5 generations cost $0.00000145, $0 beyond their holds was ours; 6 transfers\n",
    )


def test_command_drills_down_and_fails(damage, alice):
    damage("UPDATE billing_account SET posted_nano = posted_nano + 1")
    status, output = run()
    assert status == 1
    assert output.startswith(
        f"WRONG I1 {alice.account_id}: balance of the account: sum of its transfers, posted:"
        " expected 9.99999855, found 9.999998551\n    hold gen-"
    )
    assert "\n    transfer cap:gen-1 " in output
    assert output.splitlines()[-1].startswith("1 differences; 1 accounts with $9.999998551")


def test_command_with_an_account_looks_at_that_one_only(damage, alice):
    bob = person("bob", credits_nano=0)
    damage("UPDATE billing_keybudget SET held_nano = held_nano + 1")
    damage("INSERT INTO billing_account VALUES (?, 0, 0, ?)", (bob.account_id, False))
    assert run()[0] == 1
    status, output = run("--account", "Alice@example.com")
    assert status == 1
    assert f"key {alice.key_id}:" in output
    assert f"key {bob.key_id}:" not in output
    damage("UPDATE billing_keybudget SET held_nano = 0 WHERE key_id = ?", (bob.key_id,))
    assert run("--account", "bob@example.com") == (
        0,
        "OK 1 accounts with $0, $0 of it held by 0 open of 0 holds; 0 generations cost $0,"
        " $0 beyond their holds was ours; 0 transfers\n",
    )


def test_command_names_an_address_nobody_has(ledger_database):
    with pytest.raises(CommandError, match="carol@example.com"):
        run("--account", "carol@example.com")


def test_limit_lowered_below_what_is_spent_is_a_warning_and_no_failure(alice):
    KeyBudget.objects.update(limit_nano=3)
    status, output = run()
    assert status == 0
    assert output.startswith(f"WARNING I3 key {alice.key_id}: limit of the key")


def test_nightly_task_logs_an_error_for_a_difference(damage, caplog):
    damage("UPDATE billing_account SET posted_nano = posted_nano + 1")
    damage("UPDATE billing_keybudget SET limit_nano = 3")
    with caplog.at_level(logging.WARNING, "billing.tasks"):
        tasks.verify()
    assert [(record.levelname, record.args[0].invariant) for record in caplog.records] == [
        ("ERROR", "I1"),
        ("WARNING", "I3"),
    ]


def test_nightly_task_is_silent_when_all_is_well(alice, caplog):
    tasks.verify()
    assert caplog.records == []


def test_checker_sees_no_difference_while_money_moves(books, tmp_path):
    """What is committed between two of its questions raises no false alarm."""
    alice = person(credits_nano=DOLLAR)
    done = threading.Event()
    found = []

    def check():
        while not done.is_set():
            found.append(verify.check())

    checker = threading.Thread(target=check)
    checker.start()
    try:
        for number in range(40):
            ids = [f"gen-{number}-{n}" for n in range(20)]
            write(tmp_path, *(admit(alice, 1000, id=id) for id in ids))
            write(tmp_path, *(settle(alice, id, 700) for id in ids))
    finally:
        done.set()
        checker.join()
    assert len(found) > 5
    assert not any(found)
