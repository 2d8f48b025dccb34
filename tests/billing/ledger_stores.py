"""Two ledgers for a story to happen to: rows in memory, and the real database under a clock that
the story sets."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from ledger_model import SILENT_S
from ledger_rows import Person, person

from accounts import keys
from accounts.models import ApiKey, Member, User
from billing import batch, recovery, verify
from billing.book import AccountRow, Book, BudgetRow, HoldRow, TransferRow
from billing.capture import Recover
from billing.models import Account, KeyBudget, MemberBudget
from billing.refusals import LedgerError
from openrouter_site import database


class CommitFailed(Exception):
    """The process died, or the disk said no, before COMMIT."""


class ClockedConnection:
    """A connection to a database whose clock says `now`, and whose next COMMIT may fail."""

    def __init__(self, connection, now):
        self._connection = connection
        self.now = now
        self.fails = False

    def __getattr__(self, name):
        return getattr(self._connection, name)

    @contextmanager
    def transaction(self):
        with self._connection.transaction():
            yield self.now
            if self.fails:
                self.fails = False
                raise CommitFailed

    @property
    def clock(self):
        return self.seconds_ago(0)

    def seconds_ago(self, seconds):
        moment = self.now - timedelta(seconds=seconds)
        if self._connection.for_update:
            return f"timestamptz '{moment.isoformat()}'"
        return f"'{self._connection.moment(moment)}'"


class Memory:
    """Applies a batch to copies of rows and keeps what billing.batch would write back."""

    def __init__(self):
        self.people = {
            1: Person(1, "user:1", 1), 2: Person(1, "user:1", 2), 3: Person(2, "user:2", 3),
            4: Person(1, "user:1", 4), 5: Person(1, "user:1", 5),
        }  # fmt: skip
        self.member, self.removed = BudgetRow(1), False
        self.accounts = {id: AccountRow(id) for id in ("user:1", "user:2")}
        self.budgets = {id: BudgetRow(id) for id in self.people}
        self.holds, self.transfers, self.generations = {}, {}, {}
        self.instances, self.keys = {}, dict.fromkeys(self.people, (True, None))

    def run(self, operations, now, *, fails=False):
        def copies(rows):
            return {id: dataclasses.replace(row) for id, row in rows.items()}

        for id, (enabled, expires) in self.keys.items():
            removed = self.removed and id in (4, 5)
            self.budgets[id].enabled = (
                enabled and not removed and (expires is None or now < expires)
            )
        book = Book(
            now=now, accounts=copies(self.accounts), budgets=copies(self.budgets),
            holds=copies(self.holds), known_transfers=dict(self.transfers),
            members=copies({1: self.member}),
        )  # fmt: skip
        for id in (4, 5):
            book.budgets[id].member = book.members[1]
        outcomes = []
        for operation in operations:
            try:
                outcomes.append(operation.apply(book))
            except LedgerError as refusal:
                outcomes.append(refusal)
        if fails:
            raise CommitFailed
        self._keep(book)
        return outcomes

    def _keep(self, book):
        for id in book.touched_accounts:
            self.accounts[id] = book.accounts[id]
        for id in book.touched_budgets:
            self.budgets[id] = self._written(self.budgets[id], book.budgets[id])
        if book.touched_members:
            self.member = self._written(self.member, book.members[1])
        for id in book.touched_holds | set(book.new_holds):
            self.holds[id] = book.holds[id]
        self.transfers |= book.transfers
        self.generations |= book.generations

    @staticmethod
    def _written(before, row):
        if not row.rolled:
            row.period_start = before.period_start
        return dataclasses.replace(row, rolled=False, member=None)

    def set_budget(self, key_id, **fields):
        for name, value in fields.items():
            setattr(self.budgets[key_id], name, value)

    def set_member_budget(self, **fields):
        for name, value in fields.items():
            setattr(self.member, name, value)

    def set_member(self, removed):
        self.removed = removed

    def set_key(self, key_id, enabled, expires):
        self.keys[key_id] = (enabled, expires)

    def set_frozen(self, account_id, frozen):
        self.accounts[account_id].frozen = frozen

    def beat(self, instance, now):
        self.instances[instance] = now

    def leave(self, instance, now):
        self.instances.pop(instance, None)

    def sweep(self, now):
        silent = now - timedelta(seconds=SILENT_S)
        orphans = [
            Recover(hold_id=row.id, account_id=row.account_id, key_id=row.key_id)
            for row in self.holds.values()
            if row.state == "open" and (
                row.expires_at < now or self.instances.get(row.instance_id, silent) < silent
                or row.instance_id not in self.instances
            )
        ]  # fmt: skip
        return len(self.run(orphans, now)) if orphans else 0

    def check(self):
        pass

    def close(self):
        pass

    def rows(self):
        return (
            self.accounts.values(), [*self.budgets.values(), self.member], self.holds.values(),
            self.transfers.values(), {g.id: g.cost_nano for g in self.generations.values()},
        )  # fmt: skip


class Real:
    """The same by billing.batch and billing.recovery on the database."""

    def __init__(self):
        self.connection = ClockedConnection(database.connect(), None)
        # What is tested here is what is written, not whether it survives a power loss.
        on_postgresql = bool(self.connection.for_update)
        self.connection.execute(
            "SET synchronous_commit = off" if on_postgresql else "PRAGMA synchronous = OFF"
        )
        alice, bob = person("alice", credits_nano=0), person("bob", credits_nano=0)
        owner = User.objects.get(pk=alice.user_id)
        dora = User.objects.create_user("dora@example.com")
        self.member = Member.objects.create(owner=owner, user=dora)
        MemberBudget.objects.create(member=self.member)
        second, fourth, fifth = (
            keys.create(owner, member=member)[0] for member in (None, self.member, self.member)
        )
        KeyBudget.objects.bulk_create(KeyBudget(key=key) for key in (second, fourth, fifth))
        for one in (alice, bob):
            Account.objects.create(id=one.account_id)
        self.people = {1: alice, 3: bob} | {
            number: Person(alice.user_id, alice.account_id, key.pk)
            for number, key in ((2, second), (4, fourth), (5, fifth))
        }

    def run(self, operations, now, *, fails=False):
        self.connection.now = now
        self.connection.fails = fails
        return batch.run(self.connection, operations)

    def set_budget(self, key_id, **fields):
        KeyBudget.objects.filter(pk=key_id).update(**fields)

    def set_member_budget(self, **fields):
        MemberBudget.objects.update(**fields)

    def set_member(self, removed):
        removed_at = datetime(2024, 1, 1, tzinfo=UTC) if removed else None
        Member.objects.update(removed_at=removed_at)

    def set_key(self, key_id, enabled, expires):
        ApiKey.objects.filter(pk=key_id).update(disabled=not enabled, expires_at=expires)

    def set_frozen(self, account_id, frozen):
        Account.objects.filter(pk=account_id).update(frozen=frozen)

    def beat(self, instance, now):
        self.connection.now = now
        recovery.beat(self.connection, instance)

    def leave(self, instance, now):
        recovery.leave(self.connection, instance)

    def sweep(self, now):
        self.connection.now = now
        return recovery.reap(self.connection)

    def check(self):
        wrong = [str(each) for each in verify.check() if not each.warning]
        assert wrong == []

    def close(self):
        try:
            self.check()
        finally:
            self.connection.close()

    def rows(self):
        read = self.connection.execute
        accounts = read("SELECT id, posted_nano, held_nano, frozen FROM billing_account")
        budgets = read(
            "SELECT key_id, spent_nano, spent_total_nano, held_nano FROM billing_keybudget"
        )
        budgets += read(
            "SELECT member_id, spent_nano, spent_total_nano, held_nano FROM billing_memberbudget"
        )
        holds = read(
            "SELECT id, account_id, key_id, amount_nano, charged_nano, progress_nano, state"
            " FROM billing_hold"
        )
        transfers = read(
            "SELECT id, debit, credit, amount_nano, kind, ref, '', created_at FROM billing_transfer"
        )
        return (
            [AccountRow(*row) for row in accounts],
            [
                BudgetRow(key, spent_nano=spent, spent_total_nano=total, held_nano=held)
                for key, spent, total, held in budgets
            ],
            [
                HoldRow(*row[:4], charged_nano=row[4], progress_nano=row[5], state=row[6])
                for row in holds
            ],
            [TransferRow(*row) for row in transfers],
            dict(read("SELECT id, cost_nano FROM billing_generation")),
        )
