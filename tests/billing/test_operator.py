"""What an operator does by command: once, with reason and name, and nothing else."""

from __future__ import annotations

import io
import re
import threading
from contextlib import closing
from random import Random

import pytest
from django.core.management import CommandError, call_command
from ledger_rows import DOLLAR, admit, one_who_spent, posted, settle, user_of, write

from billing import operator
from billing.models import Transfer
from billing.refusals import RefundTooLarge, TransferConflict
from openrouter_site import database


def output_of(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


WHY = ("--reason", "ticket 7", "--idempotency-key", "ticket-7")
DEED = {"reason": "ticket 7", "actor": "staff@example.com", "idempotency_key": "ticket-7"}


@pytest.fixture
def alice(books, tmp_path):
    """She has $10 less the 700 n$ of generation gen-1."""
    return one_who_spent(tmp_path, 700)


@pytest.mark.parametrize(
    ("command", "moved_nano", "debit", "kind"),
    [
        (("grant_credits", "--email", "alice@example.com", "--amount", "2.5"),
         2_500_000_000, "promo", "grant"),
        (("grant_credits", "--email", "alice@example.com", "--amount", "2.5", "--paid"),
         2_500_000_000, "manual", "grant"),
        (("correct_credits", "--email", "alice@example.com", "--amount", "0.000000001"),
         1, "corrections", "correction"),
        (("correct_credits", "--email", "alice@example.com", "--amount=-20"),
         -20_000_000_000, "user", "correction"),
        (("refund_generation", "gen-1"), 700, "revenue", "refund"),
        (("refund_generation", "gen-1", "--amount", "0.0000003"), 300, "revenue", "refund"),
    ],
)  # fmt: skip
def test_command_moves_money_once_with_reason_and_name(alice, command, moved_nano, debit, kind):
    before_nano = posted(alice)
    first = output_of(*command, *WHY)
    second = output_of(*command, *WHY)
    assert second.startswith("Done before, nothing changed: ")
    assert first.split(": ")[1] == second.split(": ")[1]
    assert posted(alice) == before_nano + moved_nano
    row = Transfer.objects.get(pk=first.split(": ")[1].strip())
    assert row.debit.partition(":")[0] == debit
    assert (row.kind, row.reason) == (kind, "ticket 7")
    assert re.fullmatch(r"command:\S+", row.actor)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("grant_credits", "--email", "carol@example.com", "--amount", "1", *WHY), "carol"),
        (("grant_credits", "--email", "alice@example.com", "--amount", "0", *WHY), "zero"),
        (("grant_credits", "--email", "alice@example.com", "--amount", "-1", *WHY), "negative"),
        (("grant_credits", "--email", "alice@example.com", "--amount", "1e-10", *WHY), "--amount"),
        (("correct_credits", "--email", "alice@example.com", "--amount", "0", *WHY), "zero"),
        (("refund_generation", "gen-1", "--amount", "0.000000701", *WHY), "0.0000007 is left"),
        (("refund_generation", "gen-9", *WHY), "no generation 'gen-9'"),
        (("refund_generation", "gen-1", "--reason", " ", "--idempotency-key", "a"), "reason"),
        (("refund_generation", "gen-1", "--reason", "a", "--idempotency-key", "a b"),
         "idempotency key"),
    ],
)  # fmt: skip
def test_command_that_makes_no_sense_moves_nothing(alice, command, said):
    before = Transfer.objects.count()
    with pytest.raises(CommandError, match=re.escape(said)):
        output_of(*command)
    assert Transfer.objects.count() == before


def test_same_idempotency_key_for_something_else_is_refused(alice):
    operator.grant(user_of(alice), DOLLAR, **DEED)
    with pytest.raises(TransferConflict):
        operator.grant(user_of(alice), 2 * DOLLAR, **DEED)
    with pytest.raises(CommandError, match="used for something else"):
        output_of("grant_credits", "--email", "alice@example.com", "--amount", "3", *WHY)
    assert posted(alice) == 11 * DOLLAR - 700


def in_parallel(*works):
    outcomes = []

    def run(work):
        try:
            with database.orm_connection():
                outcomes.append(work())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_fifty_repeats_of_a_grant_at_once_grant_once(alice):
    bob = user_of(alice)
    outcomes = in_parallel(*[lambda: operator.grant(bob, DOLLAR, **DEED)] * 50)
    assert [done.is_new for done in outcomes].count(True) == 1
    assert posted(alice) == 11 * DOLLAR - 700


def test_refunds_at_once_are_together_at_most_what_it_cost(alice):
    def refund(number):
        deed = DEED | {"idempotency_key": f"ticket-{number}"}
        return lambda: operator.refund_generation("gen-1", 150, **deed)

    outcomes = in_parallel(*(refund(number) for number in range(8)))
    assert sum(isinstance(each, RefundTooLarge) for each in outcomes) == 4
    assert posted(alice) == 10 * DOLLAR - 700 + 4 * 150


@pytest.mark.parametrize("seed", range(5))
def test_refunds_never_exceed_the_capture(alice, seed):
    rng, left = Random(seed), 700
    for number in range(12):
        amount, deed = rng.randint(1, 300), DEED | {"idempotency_key": str(number)}
        if amount <= left:
            assert operator.refund_generation("gen-1", amount, **deed).is_new
            left -= amount
        else:
            with pytest.raises(RefundTooLarge):
                operator.refund_generation("gen-1", amount, **deed)
    assert posted(alice) == 10 * DOLLAR - left


def test_what_was_not_paid_is_not_refunded(alice, tmp_path):
    write(tmp_path, admit(alice, 1000, id="gen-2"), settle(alice, "gen-2", 0))
    with pytest.raises(operator.Refused, match="cost nothing"):
        operator.refund_generation("gen-2", **DEED)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_transfer SET actor = 'nobody'",
        "DELETE FROM billing_transfer",
        pytest.param("TRUNCATE billing_transfer", marks=pytest.mark.engine("postgresql")),
        pytest.param(
            "TRUNCATE billing_transfer, accounts_user CASCADE",
            marks=pytest.mark.engine("postgresql"),
        ),
    ],
)
def test_database_refuses_to_change_transfers(alice, sql):
    before = list(Transfer.objects.values())
    with closing(database.connect()) as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(sql)
    assert list(Transfer.objects.values()) == before
