"""What may happen to a ledger: one method for each kind of step, and a row in STEPS for its
arguments. Whoever adds a way to move money adds both, and what it means to ledger_model.

A step that is a MOVE answers (operation, what the model expects); it can also be repeated later,
share a batch with others, or lose its COMMIT. The story compares everything after each step.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from ledger_model import Model
from ledger_rows import NOW, admit, recover, settle
from ledger_stores import CommitFailed

from billing.ledger import Progress, Resize, Transfer
from billing.refusals import LedgerError


@dataclass(frozen=True)
class Whole:
    """A number from `low` to `high`."""

    low: int
    high: int

    def draw(self, rng):
        return rng.randint(self.low, self.high)

    def strategy(self):
        return st.integers(self.low, self.high)


@dataclass(frozen=True)
class Among:
    choices: tuple[Any, ...]

    def draw(self, rng):
        return rng.choice(self.choices)

    def strategy(self):
        return st.sampled_from(self.choices)


@dataclass(frozen=True)
class Moves:
    """A few of MOVES, with their arguments."""

    low: int
    high: int

    def draw(self, rng):
        return [draw_step(rng, MOVES) for _ in range(rng.randint(self.low, self.high))]

    def strategy(self):
        return st.lists(step_strategy(MOVES), min_size=self.low, max_size=self.high)


HOLDS = Among(tuple(f"gen-{number}" for number in range(8)))
KEYS = Among((1, 2, 3, 4, 5))
MEMBER = 6  # the budget of the member who has the keys 4 and 5
BUDGETS = Among((*KEYS.choices, MEMBER, MEMBER))
INSTANCES = Among(("one", "two"))
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400

# id: (system account, whether the money comes from there, kind)
TRANSFERS = {
    "top": ("stripe_clearing", True, "grant"),
    "grant": ("promo", True, "grant"),
    "refund": ("stripe_clearing", False, "reversal"),
    "dispute": ("chargebacks", False, "reversal"),
    "plus": ("promo", True, "correction"),
    "minus": ("revenue", False, "correction"),
}

MOVES = {
    "transfer": {
        "what": Among(tuple(TRANSFERS)), "number": Whole(1, 4), "key": KEYS,
        "amount": Among((1, 30, 90, 200)),
    },
    "admit": {
        "hold": HOLDS, "key": KEYS, "amount": Whole(0, 60), "minimum": Whole(0, 60),
        "instance": INSTANCES, "ttl_s": Among((20, 1080)),
    },
    "resize": {"hold": HOLDS, "amount": Whole(1, 60), "minimum": Whole(0, 60)},
    "progress": {"hold": HOLDS, "nano": Whole(1, 60)},
    "settle": {"hold": HOLDS, "cost": Whole(0, 80)},
    "recover": {"hold": HOLDS},
}  # fmt: skip

STEPS = {
    **MOVES,
    "batch": {"moves": Moves(2, 6)},
    "repeat": {"back": Whole(1, 20)},
    "lose_commit": {"moves": Moves(1, 3)},
    "set_limit": {"key": BUDGETS, "limit": Among((None, 0, 5, 20, 50, 100, 200))},
    "set_period": {"key": BUDGETS, "period": Among(("", "daily", "weekly", "monthly"))},
    "set_key": {"key": KEYS, "enabled": Among((True, True, False)),
                "expires_in_s": Among((None, None, -1, 0, 15, HOUR_S))},
    "set_member": {"removed": Among((True, False, False))},
    "freeze": {"key": KEYS, "frozen": Among((True, False, False))},
    "time_passes": {"seconds": Among((
        1, 10, 31, MINUTE_S, HOUR_S, -HOUR_S, -1, 6 * HOUR_S, DAY_S - 1, DAY_S, DAY_S + HOUR_S,
        6 * DAY_S, 7 * DAY_S, 31 * DAY_S, -DAY_S - HOUR_S,
    ))},
    "beat": {"instance": INSTANCES},
    "crash": {"instance": INSTANCES},
    "sweep": {},
    "begin_anew": {"hold": HOLDS},
}  # fmt: skip


def draw_step(rng, table=None):
    table = STEPS if table is None else table
    name = rng.choice(list(table))
    return name, {argument: kind.draw(rng) for argument, kind in table[name].items()}


def step_strategy(table=None):
    table = STEPS if table is None else table
    return st.one_of(
        st.tuples(
            st.just(name),
            st.fixed_dictionaries({key: kind.strategy() for key, kind in arguments.items()}),
        )
        for name, arguments in table.items()
    )


class Story:
    """Steps go to the ledger and to the model. `absorb`: what becomes of costs beyond a hold."""

    def __init__(self, store, *, absorb=True):
        self.store, self.absorb = store, absorb
        self.people = store.people
        self.model = Model(
            {who.account_id for who in self.people.values()},
            {number: who.account_id for number, who in self.people.items()}
            | {MEMBER: self.people[4].account_id},
            {4: MEMBER, 5: MEMBER},
        )
        self.now = NOW
        self.history = []
        self.generation = Counter()  # how often the id of a hold was taken anew
        for instance in INSTANCES.choices:
            self.beat(instance)
        for key in (1, 3):
            self.take(("transfer", {"what": "top", "number": 0, "key": key, "amount": 150}))

    def take(self, step):
        """Do it and compare all there is."""
        name, arguments = step
        if name in MOVES:
            self._run([step])
        else:
            getattr(self, name)(**arguments)
        if name != "repeat":
            self.history = [*self.history[-20:], step]
        self.compare()

    def _run(self, steps, *, fails=False):
        """All in one transaction; if it fails, first without effect and then again."""
        self.model.begin(self.now)
        moves = [getattr(self, name)(**arguments) for name, arguments in steps]
        self.model.end()
        operations = [operation for operation, _ in moves]
        if fails:
            try:
                self.store.run(operations, self.now, fails=True)
            except CommitFailed:
                pass
            else:
                raise AssertionError("nothing failed")
            # What an operation knows of its generation is its own again.
            for operation in operations:
                if getattr(operation, "generation", None) is not None:
                    operation.generation.cost_nano = operation.cost_nano
        outcomes = self.store.run(operations, self.now)
        for (operation, expected), outcome in zip(moves, outcomes, strict=True):
            found = type(outcome).__name__ if isinstance(outcome, LedgerError) else outcome
            assert found == expected, (operation, found, expected)

    # --- moves

    def transfer(self, what, number, key, amount):
        system, comes, kind = TRANSFERS[what]
        account = self.people[key].account_id
        debit, credit = (system, account) if comes else (account, system)
        id = f"{what}:{account}:{number}"
        operation = Transfer(
            transfer_id=id, debit=debit, credit=credit, amount_nano=amount, kind=kind, ref=account
        )
        return operation, self.model.move(id, debit, credit, amount)

    def _id(self, hold):
        return f"{hold}-{self.generation[hold]}"

    def admit(self, hold, key, amount, minimum, instance, ttl_s):
        id, minimum = self._id(hold), min(amount, minimum)
        operation = admit(self.people[key], amount, minimum, id, instance_id=instance, ttl_s=ttl_s)
        return operation, self.model.admit(id, key, amount, minimum, instance, ttl_s)

    def _owner(self, id):
        known = self.model.holds.get(id)
        return known.key if known else 1

    def _of(self, id):
        owner = self.people[self._owner(id)]
        return {"account_id": owner.account_id, "key_id": owner.key_id, "hold_id": id}

    def resize(self, hold, amount, minimum):
        id, minimum = self._id(hold), min(amount, minimum)
        operation = Resize(**self._of(id), amount_nano=amount, minimum_nano=minimum)
        return operation, self.model.resize(id, amount, minimum)

    def progress(self, hold, nano):
        id = self._id(hold)
        operation = Progress(**self._of(id), progress_nano=nano, progress_tokens=nano)
        return operation, self.model.progress(id, nano, self._owner(id))

    def settle(self, hold, cost):
        id = self._id(hold)
        if id not in self.model.holds:
            cost = max(cost, 1)  # a free generation has no hold, and no part in this story
        overrun = "absorb" if self.absorb else "charge"
        operation = settle(self.people[self._owner(id)], id, cost, overrun)
        return operation, self.model.settle(id, cost, self.absorb)

    def recover(self, hold):
        id = self._id(hold)
        return recover(self.people[self._owner(id)], id), self.model.recover(id)

    # --- other steps

    def batch(self, moves):
        self._run(moves)

    def lose_commit(self, moves):
        self._run(moves, fails=True)

    def repeat(self, back):
        if back <= len(self.history):
            self.take(self.history[-back])

    def begin_anew(self, hold):
        """The next hold of this name is another one."""
        known = self.model.holds.get(self._id(hold))
        if known is not None and known.state != "open":
            self.generation[hold] += 1

    def set_limit(self, key, limit):
        row = self.model.keys[key]
        row.limit = limit
        room = self.model.room(key)
        row.overdrawn = room is not None and room < 0
        self._set_budget(key, limit_nano=limit)

    def set_period(self, key, period):
        self.model.keys[key].period = period
        self._set_budget(key, period=period)

    def _set_budget(self, key, **fields):
        if key == MEMBER:
            self.store.set_member_budget(**fields)
        else:
            self.store.set_budget(self.people[key].key_id, **fields)

    def set_member(self, removed):
        self.model.removed = {MEMBER} if removed else set()
        self.store.set_member(removed)

    def set_key(self, key, enabled, expires_in_s):
        expires = None if expires_in_s is None else self.now + timedelta(seconds=expires_in_s)
        self.model.keys[key].enabled, self.model.keys[key].expires = enabled, expires
        self.store.set_key(self.people[key].key_id, enabled, expires)

    def freeze(self, key, frozen):
        account = self.people[key].account_id
        (self.model.frozen.add if frozen else self.model.frozen.discard)(account)
        self.store.set_frozen(account, frozen)

    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    def beat(self, instance):
        self.model.instances[instance] = self.now
        self.store.beat(instance, self.now)

    def crash(self, instance):
        """The process is gone with its holds open; another one sweeps, and it comes back."""
        self.model.instances.pop(instance, None)
        self.store.leave(instance, self.now)
        self.sweep()
        self.beat(instance)

    def sweep(self):
        self.model.begin(self.now)
        expected = self.model.sweep()
        self.model.end()
        assert self.store.sweep(self.now) == expected
        # I6: nothing is open beyond its time, nor of a process that is not there.
        assert self.store.sweep(self.now) == 0

    # --- the comparison

    def compare(self):
        accounts, budgets, holds, transfers, costs = self.store.rows()
        assert {account.id for account in accounts} == self.model.accounts
        assert len(budgets) == len(self.people) + 1
        for account in accounts:
            assert account.posted_nano == self.model.posted(account.id)
            assert account.held_nano == self.model.held(account.id)
            assert bool(account.frozen) == (account.id in self.model.frozen)
        self._compare_budgets(budgets)
        for hold in holds:
            known = self.model.holds[hold.id]
            assert (hold.state, hold.amount_nano, hold.charged_nano, hold.progress_nano) == (
                known.state, known.amount, known.charged, known.delivered,
            ), hold.id  # fmt: skip
        assert len(holds) == len(self.model.holds)
        self._compare_transfers(transfers, costs)

    def _compare_budgets(self, budgets):
        numbers = {person.key_id: number for number, person in self.people.items()}
        for budget in budgets:
            number = MEMBER if budget is budgets[-1] else numbers[budget.id]
            row = self.model.keys[number]
            assert budget.held_nano == self.model.held(key=number)
            assert budget.spent_nano == row.spent()
            assert budget.spent_total_nano == row.total
            room = self.model.room(number)
            if room is None or room >= 0:
                row.overdrawn = False
            assert row.overdrawn or room is None or room >= 0

    def _compare_transfers(self, transfers, costs):
        """Double entry, and the charges of holds are there once each."""
        balances, counts = Counter(), Counter()
        for transfer in transfers:
            balances[transfer.credit] += transfer.amount_nano
            balances[transfer.debit] -= transfer.amount_nano
            counts[transfer.ref, transfer.kind] += 1
        assert sum(balances.values()) == 0
        for account in self.model.accounts:
            assert balances[account] == self.model.posted(account)
        for id, hold in self.model.holds.items():
            assert counts[id, "capture"] <= 1 >= counts[id, "adjust"]
            assert counts[id, "overrun"] == (hold.absorbed > 0)
            if hold.state in ("open", "voided"):
                assert counts[id, "capture"] == counts[id, "adjust"] == 0
            assert costs.get(id) == hold.recorded
        assert balances["overrun"] == -sum(hold.absorbed for hold in self.model.holds.values())
