"""The checker: does every nano-dollar have its explanation? Nightly, after tests, on demand.

All rules (billing.invariants) are read in one snapshot, so that what a running server commits in
the meantime raises no false alarm, and nobody waits for us.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from billing.column_rules import column_rules
from billing.invariants import (
    EXPIRED_HOLDS,
    HOLD_GRACE_S,
    MISSING_HOLDS,
    OVERRUN,
    OVERRUN_DAYS,
    OVERRUN_SHARE_MAX,
    RULES,
    Rule,
)
from billing.payments.rules import PAYMENT_RULES
from openrouter_site.database import Connection, connect
from openrouter_site.money import format_amount

_EVIDENCE_FOR = 20
_EVIDENCE_ROWS = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it must be. `text` says what the two figures are.

    `subject` is an account, "key <id>", a hold or generation, or a transfer. A warning is no error
    of the books: they balance, but somebody should look.
    """

    invariant: str
    subject: str
    expected_nano: int
    found_nano: int
    text: str
    account_id: str = ""
    warning: bool = False
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.invariant} {self.subject}: {self.text}: expected"
            f" {format_amount(self.expected_nano)}, found {format_amount(self.found_nano)}"
        )


@dataclass(slots=True)
class Report:
    """Differences, warnings last, and the figures of the whole ledger or of one account."""

    differences: list[Difference] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return all(difference.warning for difference in self.differences)


def check() -> list[Difference]:
    """Every difference there is; raises one of database.OUTAGES."""
    return examine().differences


def examine(account_id: str = "") -> Report:
    """All rules in one snapshot; with an account, only what concerns it and its keys and holds."""
    report = Report()
    with closing(connect()) as connection, connection.snapshot():
        for rule in _rules(connection):
            for row in connection.execute(rule.sql):
                difference = _difference(rule, row)
                if not account_id or difference.account_id == account_id:
                    report.differences.append(difference)
        report.differences.sort(key=lambda difference: difference.warning)
        report.differences[:_EVIDENCE_FOR] = [
            _with_evidence(connection, difference)
            for difference in report.differences[:_EVIDENCE_FOR]
        ]
        report.figures = _figures(connection, account_id)
    return report


def _rules(connection: Connection) -> list[Rule]:
    share, over = OVERRUN_SHARE_MAX
    since = connection.seconds_ago(OVERRUN_DAYS * 86_400)
    kept = connection.seconds_ago(settings.HOLDS_KEPT_DAYS * 86_400 - 43_200)
    grace = connection.seconds_ago(HOLD_GRACE_S + settings.REAPER_INTERVAL_S)
    return [
        *RULES,
        *PAYMENT_RULES,
        *column_rules(sqlite=not connection.for_update),
        _filled(MISSING_HOLDS, since=kept),
        _filled(EXPIRED_HOLDS, grace=grace),
        _filled(OVERRUN, share=share, over=over, since=since),
    ]


def _filled(rule: Rule, **values: object) -> Rule:
    return Rule(rule.invariant, rule.text, rule.sql.format(**values), rule.warning)


def _difference(rule: Rule, row: tuple[Any, ...]) -> Difference:
    subject, account_id, expected, found = row
    return Difference(
        invariant=rule.invariant,
        subject=str(subject),
        expected_nano=int(expected),
        found_nano=int(found),
        text=rule.text,
        account_id=account_id,
        warning=rule.warning,
    )


def _with_evidence(connection: Connection, difference: Difference) -> Difference:
    """The same with the transfers and holds behind it, newest first."""
    subject = difference.subject
    key_id = int(subject[4:]) if subject.startswith("key ") else -1
    holds = connection.execute(
        "SELECT 'hold ' || id || ' ' || state, amount_nano, charged_nano FROM billing_hold"
        " WHERE id = ? OR (state = 'open' AND (account_id = ? OR key_id = ?))"
        f" ORDER BY created_at DESC LIMIT {_EVIDENCE_ROWS}",
        (subject, subject, key_id),
    )
    rows = holds + connection.execute(
        "SELECT 'transfer ' || id || ' ' || debit || ' -> ' || credit, amount_nano, 0"
        " FROM billing_transfer WHERE id = ? OR ref = ? OR debit = ? OR credit = ?"
        f" ORDER BY created_at DESC LIMIT {_EVIDENCE_ROWS}",
        (subject, subject, subject, subject),
    )
    lines = [
        f"{what} ${format_amount(amount)}{_charged(charged)}" for what, amount, charged in rows
    ]
    return Difference(
        difference.invariant, subject, difference.expected_nano, difference.found_nano,
        difference.text, difference.account_id, difference.warning, tuple(lines),
    )  # fmt: skip


def _charged(charged_nano: int) -> str:
    return f", charged ${format_amount(charged_nano)}" if charged_nano else ""


def _figures(connection: Connection, account_id: str) -> dict[str, int]:
    """Nano-dollars and numbers, of one account or of all."""
    one = (account_id, account_id)
    ((accounts, posted, held),) = connection.execute(
        "SELECT COUNT(*), COALESCE(SUM(posted_nano), 0), COALESCE(SUM(held_nano), 0)"
        " FROM billing_account WHERE ? = '' OR id = ?", one
    )  # fmt: skip
    ((transfers,),) = connection.execute(
        "SELECT COUNT(*) FROM billing_transfer WHERE ? = '' OR debit = ? OR credit = ?",
        (*one, account_id),
    )
    ((generations, cost),) = connection.execute(
        "SELECT COUNT(*), COALESCE(SUM(cost_nano), 0) FROM billing_generation"
        " WHERE ? = '' OR 'user:' || user_id = ?", one
    )  # fmt: skip
    ((holds, open_holds),) = connection.execute(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0)"
        " FROM billing_hold WHERE ? = '' OR account_id = ?", one
    )  # fmt: skip
    ((overrun,),) = connection.execute(
        "SELECT COALESCE(SUM(t.amount_nano), 0) FROM billing_transfer AS t"
        " LEFT JOIN billing_generation AS g ON g.id = t.ref"
        " WHERE t.kind = 'overrun' AND (? = '' OR 'user:' || g.user_id = ?)", one
    )  # fmt: skip
    counted = {
        "accounts": accounts, "transfers": transfers, "generations": generations, "holds": holds,
        "open_holds": open_holds, "posted_nano": posted, "held_nano": held, "cost_nano": cost,
        "overrun_nano": overrun,
    }  # fmt: skip
    return {name: int(value) for name, value in counted.items()}
