"""Any order of operations, repeated and late ones too: the ledger and an independent model agree
after each step, and the invariants hold. In memory, and on the real database."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_model import Model
from ledger_rows import NOW, Person, admit, person, recover, settle

from accounts import keys
from accounts.models import ApiKey, User
from billing import batch, verify
from billing import models as records
from billing.book import PROMO, AccountRow, Book, BudgetRow
from billing.ledger import Progress, Resize, Transfer
from billing.models import KeyBudget
from billing.refusals import LedgerError
from openrouter_site import database

AMOUNTS = st.integers(1, 60)
HOLDS = st.sampled_from([f"gen-{number}" for number in range(5)])
KEYS = st.sampled_from([1, 2, 3])
PEOPLE = {1: Person(1, "user:1", 1), 2: Person(1, "user:1", 2), 3: Person(2, "user:2", 3)}


class Memory:
    """Applies a batch to copies of rows and keeps what billing.batch would write back."""

    def __init__(self):
        self.people = PEOPLE
        self.accounts = {id: AccountRow(id) for id in ("user:1", "user:2")}
        self.budgets = {id: BudgetRow(id) for id in PEOPLE}
        self.holds, self.transfers, self.generations = {}, {}, {}

    def run(self, operations, now):
        def copies(rows):
            return {id: dataclasses.replace(row) for id, row in rows.items()}

        book = Book(
            now=now, accounts=copies(self.accounts), budgets=copies(self.budgets),
            holds=copies(self.holds), known_transfers=dict(self.transfers),
        )  # fmt: skip
        outcomes = []
        for operation in operations:
            try:
                outcomes.append(operation.apply(book))
            except LedgerError as refusal:
                outcomes.append(refusal)
        for id in book.touched_accounts:
            self.accounts[id] = book.accounts[id]
        for id in book.touched_budgets:
            before, self.budgets[id] = self.budgets[id], book.budgets[id]
            if not book.budgets[id].rolled:
                self.budgets[id].period_start = before.period_start
            self.budgets[id].rolled = False
        for id in book.touched_holds | set(book.new_holds):
            self.holds[id] = book.holds[id]
        self.transfers |= book.transfers
        self.generations |= book.generations
        return outcomes

    def set_key(self, key, **fields):
        for name, value in fields.items():
            setattr(self.budgets[key], name, value)

    def close(self):
        pass

    def rows(self):
        return (
            self.accounts.values(), self.budgets.values(), self.holds.values(),
            self.transfers.values(), {g.id: g.cost_nano for g in self.generations.values()},
        )  # fmt: skip


class Real:
    """The same by billing.batch on the database."""

    def __init__(self):
        self.connection = database.connect()
        alice, bob = person("alice", credits_nano=0), person("bob", credits_nano=0)
        second, _ = keys.create(User.objects.get(pk=alice.user_id))
        KeyBudget.objects.create(key=second)
        self.people = {1: alice, 2: Person(alice.user_id, alice.account_id, second.pk), 3: bob}

    def run(self, operations, now):
        return batch.run(self.connection, operations)

    def set_key(self, key, **fields):
        if "enabled" in fields:
            ApiKey.objects.filter(pk=key).update(disabled=not fields["enabled"])
        else:
            KeyBudget.objects.filter(pk=key).update(**fields)

    def rows(self):
        costs = dict(records.Generation.objects.values_list("id", "cost_nano"))
        kinds = (records.Account, KeyBudget, records.Hold, records.Transfer)
        return (*(list(kind.objects.all()) for kind in kinds), costs)

    def close(self):
        self.connection.close()
        wrong = [str(each) for each in verify.check() if not each.warning]
        assert wrong == []


class LedgerMachine(RuleBasedStateMachine):
    """Operations go to the ledger and to the model; `now` wanders, backwards too."""

    def __init__(self):
        super().__init__()
        self.store = self.new_store()
        self.people = self.store.people
        self.model = Model(
            {p.account_id for p in self.people.values()},
            {number: p.account_id for number, p in self.people.items()},
        )
        self.now = self.start

    start = NOW
    new_store = Memory

    def teardown(self):
        self.store.close()

    def run(self, operation, expected):
        (outcome,) = self.store.run([operation], self.now)
        found = type(outcome).__name__ if isinstance(outcome, LedgerError) else outcome
        assert found == expected, (operation, found, expected)

    @initialize()
    def begin_with_credits(self):
        for key in (1, 3):
            self.grant(key, 150, id=100 + key)

    @rule(key=KEYS, amount=st.integers(1, 200), id=st.integers(1, 12))
    def grant(self, key, amount, id):
        account, transfer_id = self.people[key].account_id, f"grant:{id}"
        operation = Transfer(
            transfer_id=transfer_id, debit=PROMO, credit=account, amount_nano=amount, ref=account
        )
        self.run(operation, self.model.grant(id, account, amount))

    @rule(hold=HOLDS, key=KEYS, amount=st.integers(0, 60), minimum=st.integers(0, 60))
    def admit(self, hold, key, amount, minimum):
        minimum = min(amount, minimum)
        expected = self.model.admit(hold, key, amount, minimum, self.now.date())
        self.run(admit(self.people[key], amount, minimum, hold), expected)

    def owner(self, hold):
        known = self.model.holds.get(hold)
        return self.people[known.key if known else 1]

    def of(self, hold):
        owner = self.owner(hold)
        return {"account_id": owner.account_id, "key_id": owner.key_id, "hold_id": hold}

    @rule(hold=HOLDS, amount=AMOUNTS, minimum=st.integers(0, 60))
    def resize(self, hold, amount, minimum):
        expected = self.model.resize(hold, amount, min(amount, minimum))
        operation = Resize(**self.of(hold), amount_nano=amount, minimum_nano=min(amount, minimum))
        self.run(operation, expected)

    @rule(hold=HOLDS, nano=AMOUNTS)
    def progress(self, hold, nano):
        self.model.progress(hold, nano)
        self.store.run(
            [Progress(**self.of(hold), progress_nano=nano, progress_tokens=nano)], self.now
        )

    @rule(hold=HOLDS, cost=st.integers(0, 80), times=st.integers(1, 3))
    def settle(self, hold, cost, times):
        known = hold in self.model.holds
        expected = self.model.settle(hold, cost)
        for _ in range(times if known else 1):
            if known or cost:
                self.run(settle(self.owner(hold), hold, cost), expected)

    @rule(hold=HOLDS, times=st.integers(1, 2))
    def recover(self, hold, times):
        for _ in range(times):
            expected = self.model.recover(hold)
            self.run(recover(self.owner(hold), hold), expected)

    @rule(costs=st.lists(st.tuples(HOLDS, st.integers(0, 80)), min_size=2, max_size=5))
    def settle_many_in_one_batch(self, costs):
        costs = [(hold, cost) for hold, cost in costs if hold in self.model.holds]
        expected = [self.model.settle(hold, cost) for hold, cost in costs]
        operations = [settle(self.owner(hold), hold, cost) for hold, cost in costs]
        assert self.store.run(operations, self.now) == expected

    @rule(key=KEYS, limit=st.none() | st.integers(0, 100))
    def set_limit(self, key, limit):
        row = self.model.keys[key]
        row.limit = limit
        room = self.model.room(key)
        row.lowered = room is not None and room < 0
        self.set_key(key, limit_nano=limit)

    @rule(key=KEYS, enabled=st.booleans())
    def set_enabled(self, key, enabled):
        self.model.keys[key].enabled = enabled
        self.set_key(key, enabled=enabled)

    def set_key(self, key, **fields):
        self.store.set_key(self.people[key].key_id, **fields)

    @rule(key=KEYS, period=st.sampled_from(["", "daily", "weekly", "monthly"]))
    def set_period(self, key, period):
        self.model.keys[key].period = period
        self.set_key(key, period=period)

    @precondition(lambda self: isinstance(self.store, Memory))
    @rule(hours=st.sampled_from([-25, -1, 1, 6, 23, 24, 24 * 6, 24 * 7, 24 * 31]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @invariant()
    def rows_are_as_the_model_says(self):
        accounts, budgets, holds, transfers, costs = self.store.rows()
        for account in accounts:
            assert account.posted_nano == self.model.posted(account.id)
            assert account.held_nano == self.model.held(account.id)
        numbers = {person.key_id: number for number, person in self.people.items()}
        for budget in budgets:
            number = numbers[budget.key_id]
            row = self.model.keys[number]
            assert budget.held_nano == self.model.held(key=number)
            assert budget.spent_nano == row.spent()
            assert budget.spent_total_nano == row.total
            room = self.model.room(number)
            if room is None or room >= 0:
                row.lowered = False
            assert row.lowered or room is None or room >= 0
        for hold in holds:
            known = self.model.holds[hold.id]
            assert (hold.state, hold.amount_nano, hold.charged_nano, hold.progress_nano) == (
                known.state, known.amount, known.charged, known.delivered,
            )  # fmt: skip
        assert len(holds) == len(self.model.holds)
        self._transfers_are_the_charges(transfers, costs)

    def _transfers_are_the_charges(self, transfers, costs):
        balances, counts = Counter(), Counter()
        for transfer in transfers:
            balances[transfer.credit] += transfer.amount_nano
            balances[transfer.debit] -= transfer.amount_nano
            counts[transfer.ref, transfer.kind] += 1
        assert sum(balances.values()) == 0
        for account in self.model.granted:
            assert balances[account] == self.model.posted(account)
        for id, hold in self.model.holds.items():
            assert counts[id, "capture"] <= 1 >= counts[id, "adjust"]
            assert counts[id, "overrun"] == (hold.absorbed > 0)
            if hold.state in ("open", "voided"):
                assert counts[id, "capture"] == counts[id, "adjust"] == 0
            assert costs.get(id) == hold.recorded
        assert balances["overrun"] == -sum(hold.absorbed for hold in self.model.holds.values())


TestLedgerInMemory = LedgerMachine.TestCase
TestLedgerInMemory.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


def test_ledger_on_the_database(fresh_database):
    class RealMachine(LedgerMachine):
        def new_store(self):
            fresh_database()
            self.start = datetime.now(UTC)
            return Real()

    run_state_machine_as_test(
        RealMachine,
        settings=settings(
            max_examples=12, stateful_step_count=30, deadline=None,
            # To shrink a failure on a database takes minutes; the steps are printed anyway.
            phases=(Phase.reuse, Phase.generate),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )  # fmt: skip
