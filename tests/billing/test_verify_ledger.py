"""The checker finds what is wrong: each way of damaging the books is told by its invariant."""

from __future__ import annotations

import io
import logging
import sqlite3
import threading
from contextlib import closing

import pytest
from conftest import ON_POSTGRESQL
from django.core import mail as django_mail
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
       SELECT 'refund:1', credit, debit, 701, 'refund', ref, reason, created_at
       FROM billing_transfer WHERE id = 'cap:gen-1'""": {"I1", "I4"},
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
    status, output = run("--account", "bob@example.com")
    assert status == 0
    assert output.endswith(
        "\nOK 1 accounts with $0, $0 of it held by 0 open of 0 holds; 0 generations cost $0,"
        " $0 beyond their holds was ours; 0 transfers\n"
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
    damage("UPDATE billing_account SET held_nano = held_nano + 1")
    with caplog.at_level(logging.WARNING, "billing.alarm"):
        tasks.verify()
    error, warning = caplog.records
    assert (error.levelname, error.args[0]) == ("ERROR", 2)
    assert [line[:2] for line in error.args[1].splitlines()] == ["I1", "I2"]
    assert (warning.levelname, warning.args[1][:2]) == ("WARNING", "I3")


def test_alarm_goes_by_mail_to_the_operator(damage, alice, settings):
    settings.OPERATOR_EMAIL = "operator@example.com"
    damage("UPDATE billing_account SET posted_nano = posted_nano + 1")
    tasks.verify()
    (mail,) = django_mail.outbox
    assert mail.to == ["operator@example.com"]
    assert mail.subject.endswith("the ledger has 1 differences")
    assert f"I1 {alice.account_id}:" in mail.body


@pytest.mark.parametrize(
    ("sql", "mailed"),
    [
        ("UPDATE billing_keybudget SET limit_nano = 3", False),
        ("UPDATE billing_hold SET expires_at = '2020-01-01 00:00:00' WHERE id = 'gen-7'", True),
        (
            """INSERT INTO billing_transfer (id, debit, credit, amount_nano, kind, ref, reason,
               created_at) SELECT 'over:gen-1', 'overrun', credit, 2, 'overrun', ref, reason,
               created_at FROM billing_transfer WHERE id = 'cap:gen-1'""",
            True,
        ),
    ],
)
def test_overruns_and_old_holds_are_alarms_and_a_lowered_limit_is_none(
    damage, settings, sql, mailed
):
    settings.OPERATOR_EMAIL = "operator@example.com"
    damage(sql)
    tasks.verify()
    assert len(django_mail.outbox) == mailed


def test_mail_server_that_is_down_leaves_the_alarm_in_the_log(damage, settings, caplog):
    settings.OPERATOR_EMAIL = "operator@example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    damage("UPDATE billing_account SET posted_nano = posted_nano + 1")
    tasks.verify()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_account_is_shown_transfer_by_transfer_with_what_departs(damage, alice):
    damage("UPDATE billing_account SET posted_nano = posted_nano + 700")
    damage("UPDATE billing_generation SET cost_nano = 301 WHERE id = 'gen-4'")
    _, output = run("--account", alice.account_id)
    lines = {line.split(" = ")[1].split()[1]: line for line in output.splitlines() if " = " in line}
    assert set(lines) == set(_ids(alice))
    assert lines["cap:gen-1"].endswith("<-- as large as the difference")
    assert "its generation says $0.000000301" in lines["cap:gen-4"]
    assert "<--" not in lines["cap:gen-3"]
    assert "\nsum $9.99999855, $9.99999925 is posted\n" in output


def _ids(alice):
    with closing(database.connect()) as connection:
        return [
            row[0]
            for row in connection.execute(
                "SELECT id FROM billing_transfer WHERE debit = ? OR credit = ?",
                (alice.account_id, alice.account_id),
            )
        ]


def test_account_is_shown_since_a_day(alice):
    _, output = run("--account", alice.account_id, "--since", "2999-01-01")
    assert output.splitlines()[:2] == [
        f"{alice.account_id} since 2999-01-01: $9.99999855 before",
        "sum $9.99999855, as posted",
    ]
    with pytest.raises(CommandError, match="--since 'yesterday'"):
        run("--account", alice.account_id, "--since", "yesterday")
    with pytest.raises(CommandError, match="--since needs --account"):
        run("--since", "2026-11-01")


def test_column_of_floats_in_a_table_of_money_is_told(damage, request):
    damage("ALTER TABLE billing_instance ADD COLUMN rate double precision")
    drop = "ALTER TABLE billing_instance DROP COLUMN rate"
    request.addfinalizer(lambda: ON_POSTGRESQL and _with_connection(drop))
    (difference,) = verify.check()
    assert (difference.invariant, difference.subject) == ("I10", "billing_instance.rate")


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


@pytest.mark.engine("sqlite")
def test_a_transfer_cannot_be_replaced(alice):
    with closing(database.connect()) as connection:
        row = connection.execute("SELECT * FROM billing_transfer")[0]
        marks = ", ".join("?" * len(row))
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"INSERT OR REPLACE INTO billing_transfer VALUES ({marks})", row)
